// The clients that these tests are about, each behind the same few words:
//
//   client.send(...args)         `message` without an ack
//   client.ask(...args)          `message` with an ack: its first argument
//   client.heard, client.texts   what came, in order
//   client.transport()           'polling' or 'websocket'
//   client.close()

import { createRequire } from 'node:module';
import { Heard, within } from './heard.js';
import { PythonProcess } from './python.js';

const require = createRequire(import.meta.url);

const TRANSPORTS = {
  polling: ['polling'],
  websocket: ['websocket'],
  upgrade: ['polling', 'websocket'],
};

class Client {
  heard = new Heard();

  get texts() {
    return this.heard.of('message');
  }

  get connects() {
    return this.heard.of('connect').length;
  }

  /** Waits until it has received exactly so many messages. */
  received(count) {
    return this.heard.until(() => this.texts.length >= count, `${count} messages`);
  }

  /** Waits until it has been connected so many times. */
  connected(times = 1) {
    return this.heard.until(() => this.connects >= times, `connected ${times} times`);
  }
}

/** socket.io-client, the one of Node.js and of browsers. */
class JavaScriptClient extends Client {
  #eio;
  #socket;
  #events = ['connect', 'connect_error', 'disconnect', 'message', 'error', 'my response'];

  constructor({ version, eio }, transports, url, { namespace = '/', auth, query } = {}) {
    super();
    this.#eio = eio;
    const io = require(`socket.io-client-${version}`);
    this.#socket = io(url + namespace, {
      transports,
      auth,
      query,
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 400,
      randomizationFactor: 0,
    });
    for (const event of this.#events) {
      this.#socket.on(event, (...args) => this.heard.add(event, ...args));
    }
  }

  send(...args) {
    this.#socket.emit('message', ...args);
  }

  ask(...args) {
    const answer = new Promise(resolve => this.#socket.emit('message', ...args, resolve));
    return within(answer, 'an ack');
  }

  /** Sends; `acked` is told of the ack, which may never come. */
  offer(text, acked) {
    this.#socket.emit('message', text, acked);
  }

  async transport() {
    return this.#socket.io.engine.transport.name;
  }

  /** Waits until the connection is a WebSocket. */
  async upgraded() {
    const { engine } = this.#socket.io;
    if (engine.transport.name === 'websocket') return;
    await within(new Promise(resolve => engine.once('upgrade', resolve)), 'the upgrade');
  }

  /** Waits for so many heartbeats. */
  beats(count) {
    // Of protocol 3 the client's socket tells, of protocol 4 its manager.
    const [source, event] = this.#eio === 3 ? [this.#socket, 'pong'] : [this.#socket.io, 'ping'];
    return within(
      new Promise(resolve => {
        let seen = 0;
        source.on(event, () => {
          seen += 1;
          if (seen === count) resolve();
        });
      }),
      `${count} heartbeats`,
    );
  }

  async close() {
    this.#socket.close();
  }
}

/** python-socketio, in a process of its own. */
class PythonClient extends Client {
  #process;

  constructor(eio, transports, url, { namespace = '/', auth, query } = {}) {
    super();
    this.#process = new PythonProcess(eio, (event, args) => this.heard.add(event, ...args));
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    this.#process.do('connect', { url: url + search, transports, namespace, auth });
  }

  send(...args) {
    this.#process.do('emit', { event: 'message', args: args.map(plain) });
  }

  async ask(...args) {
    const answer = this.#process.ask('emit', { event: 'message', args: args.map(plain) });
    return (await within(answer, 'an ack'))[0];
  }

  offer(text, acked) {
    this.#process.ask('emit', { event: 'message', args: [text] }).then(
      ([answer]) => acked(answer),
      // It may have been without a connection.
      () => {},
    );
  }

  async transport() {
    return (await within(this.#process.ask('transport'), 'the transport'))[0];
  }

  /** It answers when it has upgraded. */
  async upgraded() {
    await this.transport();
  }

  close() {
    return this.#process.close();
  }
}

/** Bytes as JSON, wherever they are. */
function plain(value) {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

/** What opens clients of one kind over one transport. */
class Kind {
  constructor(name, eio, transport, open) {
    this.name = `${name}, ${transport}`;
    this.eio = eio;
    this.transport = transport;
    this.isPython = name.startsWith('python');
    this.start = open;
  }

  /** A client that leaves with the test `t`; it may never get in. */
  begin(t, server, options) {
    const client = this.start(TRANSPORTS[this.transport], server.url, options);
    t.after(() => client.close());
    return client;
  }

  /** A client that is in, over the transport that was asked for. */
  async connect(t, server, options) {
    const client = this.begin(t, server, options);
    await client.connected();
    if (this.transport === 'upgrade') await client.upgraded();
    return client;
  }
}

const javascript = (version, eio) =>
  Object.keys(TRANSPORTS).map(
    transport =>
      new Kind(
        `socket.io-client ${require(`socket.io-client-${version}/package.json`).version}`,
        eio,
        transport,
        (...where) => new JavaScriptClient({ version, eio }, ...where),
      ),
  );

const python = (version, eio) =>
  Object.keys(TRANSPORTS).map(
    transport =>
      new Kind(`python-socketio ${version}`, eio, transport, (...where) => new PythonClient(eio, ...where)),
  );

export const KINDS = [
  ...javascript(1, 3),
  ...javascript(2, 3),
  ...javascript(4, 4),
  ...python('4', 3),
  ...python('5', 4),
];
