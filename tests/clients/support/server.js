// A Kefu server of a test's own: SQLite in a temporary folder, a free port, and an end that may be
// abrupt; and what the admin sees of it over HTTP (docs/PROTOCOL.md §6).

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEFU, PAGES } from './programs.js';

export const ADMIN = { username: 'admin', password: 'a-password-for-tests' };

const START_MS = 20_000;

const SETTINGS = {
  KEFU_ADMIN_PASSWORD: ADMIN.password,
  KEFU_STATIC: PAGES,
  KEFU_SOCKETIO: 'on',
  KEFU_ROOM: 'shared',
  // These tests are faster than people.
  KEFU_FRAMES_PER_SECOND: '0',
};

// A test that ends by an exception of its runner must not leave servers behind.
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Server {
  #process = null;
  #port = 0;
  #folder;
  #settings;
  #token = null;
  /** What the server said of itself. */
  log = '';

  constructor(folder, settings) {
    this.#folder = folder;
    this.#settings = settings;
  }

  /** Starts a server with an empty database, which goes with the test `t`. */
  static async start(t, settings = {}) {
    const server = new Server(await mkdtemp(join(tmpdir(), 'kefu-clients-')), settings);
    t.after(() => server.#remove());
    await server.#start();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Ends it as a power failure would: nothing is told to anybody. */
  async kill9() {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Starts it again after an end, with its data and at its old address. */
  async restart(changed = {}) {
    this.#settings = { ...this.#settings, ...changed };
    await this.#start();
  }

  /** The ids of all conversations. */
  async conversations() {
    const { conversations } = await this.#get('/conversations?limit=100');
    return conversations.map(({ id }) => id);
  }

  /** Everything that the database holds of a conversation, in order. */
  async messages(conversation) {
    const all = [];
    for (;;) {
      const after = all.at(-1)?.seq ?? 0;
      const page = await this.#get(
        `/conversations/${conversation}/messages?after=${after}&limit=200`,
      );
      all.push(...page.messages);
      if (!page.more) return all;
    }
  }

  /** The texts of one conversation: of the only one there is, if none is named. */
  async texts(conversation) {
    const [only, ...others] = conversation === undefined ? await this.conversations() : [conversation];
    if (others.length > 0) throw new Error(`there are ${others.length + 1} conversations`);
    if (only === undefined) return [];
    return (await this.messages(only)).filter(({ kind }) => kind !== 'event').map(({ text }) => text);
  }

  /** The same once there are `count`; what there is must be told where they do not come. */
  async stored(count) {
    const until = Date.now() + 15_000;
    for (;;) {
      const texts = await this.texts();
      if (texts.length >= count) return texts;
      if (Date.now() > until) throw new Error(`of ${count} texts there are ${JSON.stringify(texts)}`);
      await sleep(50);
    }
  }

  /** The admin's bearer token. */
  async token() {
    if (this.#token !== null) return this.#token;
    const response = await fetch(`${this.url}/api/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...ADMIN, bearer: true }),
    });
    const { token } = await response.json();
    if (token === undefined) throw new Error(`signing in was answered with ${response.status}`);
    this.#token = token;
    return token;
  }

  /** What the server answers; where the database has no time it says so, and is asked again. */
  async #get(path) {
    const until = Date.now() + 15_000;
    const ask = async () =>
      fetch(`${this.url}/api/v1${path}`, {
        headers: { authorization: `Bearer ${await this.token()}` },
      });
    let response = await ask();
    while (response.status === 503 && Date.now() < until) {
      await sleep(50);
      response = await ask();
    }
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
    return response.json();
  }

  async #start() {
    if (this.#process !== null) throw new Error('the server is running already');
    const child = spawn(KEFU, ['serve'], {
      cwd: this.#folder,
      env: {
        PATH: process.env.PATH,
        KEFU_LISTEN: `127.0.0.1:${this.#port}`,
        DATABASE_URL: `sqlite:${join(this.#folder, 'kefu.db')}`,
        ...SETTINGS,
        ...this.#settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.stderr.on('data', chunk => {
      this.log += chunk;
    });
    this.#port = await this.#announced(child);
  }

  /** Waits for the line that says where it listens. */
  #announced(child) {
    return new Promise((resolve, reject) => {
      const fail = why => reject(new Error(`the server ${why}\n${this.log}`));
      const timer = setTimeout(() => fail(`did not start within ${START_MS} ms`), START_MS);
      child.once('error', error => fail(`could not be started: ${error.message}`));
      child.once('exit', code => fail(`ended with status ${code}`));
      createInterface({ input: child.stdout }).on('line', line => {
        const port = /^Kefu is listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(Number(port));
      });
    });
  }

  async #remove() {
    await this.kill9();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
