// A Kefu server of a test's own: SQLite in a temporary folder, a free port, and an end that may
// be abrupt.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { KEFU, PAGES } from './programs.ts';

/** Settings beside those that every test needs, such as `{ KEFU_ROOM: 'shared' }`. */
export type Settings = Readonly<Record<`KEFU_${string}`, string>>;

export const ADMIN = { username: 'admin', password: 'a-password-for-tests' } as const;

const START_MS = 20_000;

export class Server {
  #process: ChildProcess | null = null;
  #port = 0;
  /** What the server said of itself, for the report of a test that failed. */
  log = '';

  private constructor(
    private readonly folder: string,
    private settings: Settings,
  ) {}

  /** Starts a server with an empty database. */
  static async start(settings: Settings = {}): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), 'kefu-browser-')), settings);
    await server.#start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Ends it as a power failure would: nothing is told to anybody. */
  async kill9(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Stops it in its tracks: connections stay open and nothing is answered until `thaw`. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Starts it again after an end, with its data and at its old address. */
  async restart(changed: Settings = {}): Promise<void> {
    this.settings = { ...this.settings, ...changed };
    await this.#start();
  }

  /** Makes an account, with the same password as the admin's. */
  async addAgent(username: string, name: string, role = 'agent'): Promise<void> {
    const command = ['agent', 'add', username, '--name', name, '--role', role];
    await this.command(command, ADMIN.password);
  }

  /** Does something by the command line, on the same database and files. */
  async command(command: readonly string[], input = ''): Promise<void> {
    const child = spawn(KEFU, command, {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: `sqlite:${join(this.folder, 'kefu.db')}`,
        KEFU_FILES: join(this.folder, 'files'),
      },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stdin.end(input);
    let said = '';
    child.stderr.on('data', chunk => {
      said += chunk;
    });
    const code = await new Promise(resolve => child.once('exit', resolve));
    if (code !== 0) throw new Error(`kefu ${command.join(' ')} failed: ${said}`);
  }

  /** The end for good: process and folder. */
  async remove(): Promise<void> {
    await this.#end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    if (this.#process !== null) throw new Error('the server is running already');
    const child = spawn(KEFU, ['serve'], {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH,
        KEFU_LISTEN: `127.0.0.1:${this.#port}`,
        DATABASE_URL: `sqlite:${join(this.folder, 'kefu.db')}`,
        KEFU_ADMIN_PASSWORD: ADMIN.password,
        KEFU_STATIC: PAGES,
        KEFU_FILES: join(this.folder, 'files'),
        // A machine that stands still for seconds is no database that does not answer.
        KEFU_DATABASE_PATIENCE_MS: '20000',
        ...this.settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    child.stderr.on('data', chunk => {
      this.log += chunk;
    });
    this.#port = await this.#announced(child);
  }

  /** Waits for the line that says where it listens. */
  #announced(child: ChildProcess): Promise<number> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the server ${why}\n${this.log}`));
      const timer = setTimeout(() => fail(`did not start within ${START_MS} ms`), START_MS);
      child.once('error', error => fail(`could not be started: ${error.message}`));
      child.once('exit', code => fail(`ended with status ${code}`));
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
      lines.on('line', line => {
        const port = /^Kefu is listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(Number(port));
      });
    });
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
    child.kill(signal);
    await ended;
  }
}
