// The peer on Node: Socket.IO with its defaults, broadcasts `message` and stores nothing.
import { Server } from "socket.io";

const io = new Server({ serveClient: false });
io.on("connection", (socket) => {
  socket.on("message", (text) => io.emit("message", text));
});
io.listen(Number(process.argv[2]), { host: "127.0.0.1" });
