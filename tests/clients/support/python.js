// The other end of python/client.py.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { python } from './programs.js';

const PROGRAM = fileURLToPath(new URL('../python/client.py', import.meta.url));

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class PythonProcess {
  #child;
  #ended;
  #acks = 0;
  #waiting = new Map();
  #log = '';

  /** `heard(event, arguments)` is told of what the server sends. */
  constructor(eio, heard) {
    this.#child = spawn(python(eio), [PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.#child);
    this.#ended = new Promise(resolve => this.#child.once('exit', resolve));
    this.#ended.then(() => running.delete(this.#child));
    this.#child.stderr.on('data', chunk => {
      this.#log += chunk;
    });
    createInterface({ input: this.#child.stdout }).on('line', line => {
      const { event, ack, args, failed } = JSON.parse(line);
      if (event !== undefined) return heard(event, args);
      const { resolve, reject } = this.#waiting.get(ack) ?? {};
      this.#waiting.delete(ack);
      if (failed === undefined) resolve?.(args);
      else reject?.(new Error(failed));
    });
  }

  do(what, fields) {
    this.#child.stdin.write(`${JSON.stringify({ do: what, ...fields })}\n`);
  }

  /** The arguments of the ack. */
  ask(what, fields) {
    this.#acks += 1;
    const ack = this.#acks;
    const answer = new Promise((resolve, reject) => this.#waiting.set(ack, { resolve, reject }));
    this.do(what, { ...fields, ack });
    return answer;
  }

  /** It says goodbye to the server and ends. */
  async close() {
    this.do('close');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await this.#ended;
    clearTimeout(timer);
    if (this.#child.exitCode !== 0) {
      throw new Error(`the Python client ended with ${this.#child.exitCode}:\n${this.#log}`);
    }
  }
}
