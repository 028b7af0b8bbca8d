"""One python-socketio client, driven by lines of JSON (support/python.js).

In:   {"do":"connect","url":…,"transports":[…],"namespace":"/","auth":{…}}
      {"do":"emit","event":"message","args":[…],"ack":7}     bytes are {"$bytes":"<base64>"}
      {"do":"transport","ack":8}
      {"do":"close"}
Out:  {"event":"message","args":[…]}   what the server sent, and connect, disconnect, connect_error
      {"ack":7,"args":[…]}             what it acknowledged
      {"ack":7,"failed":"…"}           the client itself refused to send

The asyncio client, because the threaded one may hand over events in another order than they came.
"""

import asyncio
import base64
import inspect
import json
import os
import sys

import socketio

MODERN = "auth" in inspect.signature(socketio.AsyncClient.connect).parameters
EVENTS = ("connect", "disconnect", "connect_error", "message", "error", "my response")


def say(**fields):
    print(json.dumps(fields), flush=True)


def argument(value):
    if isinstance(value, dict) and "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    if isinstance(value, dict):
        return {key: argument(one) for key, one in value.items()}
    return value


class Driver:
    def __init__(self):
        self.client = socketio.AsyncClient(
            reconnection_delay=0.1, reconnection_delay_max=0.4, randomization_factor=0
        )
        self.namespace = "/"
        self.settled = asyncio.Event()

    async def connect(self, url, transports, namespace, auth=None):
        self.namespace = namespace
        for event in EVENTS:
            self.client.on(event, self.hears(event), namespace=namespace)
        # Version 4 of python-socketio knows neither.
        more = {"auth": auth, "wait": False} if MODERN else {}
        try:
            await self.client.connect(
                url, transports=transports, namespaces=[namespace], **more
            )
        except socketio.exceptions.ConnectionError:
            pass  # The event connect_error says so.
        self.settled.set()

    def hears(self, event):
        async def heard(*args):
            # Version 5 says why it was disconnected; the others do not.
            say(event=event, args=[] if event == "disconnect" else list(args))

        return heard

    async def emit(self, event, args, ack=None):
        # A tuple is several arguments, and an empty one is none.
        data = tuple(argument(value) for value in args)
        callback = None
        if ack is not None:

            def callback(*answer):
                say(ack=ack, args=list(answer))

        try:
            await self.client.emit(
                event, data, namespace=self.namespace, callback=callback
            )
        except socketio.exceptions.SocketIOError as error:
            say(ack=ack, failed=repr(error))

    async def transport(self, ack):
        # With version 4 the upgrade may come after the event connect.
        await self.settled.wait()
        say(ack=ack, args=[self.client.transport()])


async def main():
    driver = Driver()
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=64 * 1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    tasks = set()
    while line := await lines.readline():
        command = json.loads(line)
        do = command.pop("do")
        if do == "close":
            break
        if do == "emit":
            # In the order of the lines.
            await driver.emit(**command)
            continue
        task = asyncio.create_task(getattr(driver, do)(**command))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await driver.client.disconnect()
    # Version 4 has tasks that do not let themselves be cancelled.
    os._exit(0)


asyncio.run(main())
