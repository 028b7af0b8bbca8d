//! The peer in Rust: socketioxide on axum, broadcasts `message` and stores nothing.

use std::io;

use axum::serve::ListenerExt;
use socketioxide::{
    SocketIo,
    extract::{Data, SocketRef},
};

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let port: u16 = port.ok_or_else(|| io::Error::other("usage: socketioxide-peer PORT"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(port))
}

async fn serve(port: u16) -> io::Result<()> {
    // By default 128 packets may wait for a client, and what does not fit is dropped, so that not everybody
    // gets everything; as many as with Kefu.
    let (layer, io) = SocketIo::builder().max_buffer_size(2_048).build_layer();
    io.ns("/", async |socket: SocketRef| {
        socket.on(
            "message",
            async |io: SocketIo, Data::<String>(text)| match io.emit("message", &text).await {
                Ok(()) => {}
                Err(error) => eprintln!("socketioxide-peer: {error}"),
            },
        );
    });
    // Node and Kefu send at once, too; without it this peer's latency is that of delayed ACKs.
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await?
        .tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
    axum::serve(listener, axum::Router::new().layer(layer)).await
}
