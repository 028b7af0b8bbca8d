// The life of one connection to the server: dials, says hello, notices silence, dials again.
// Knows no conversation; what it hears goes to `frame`, what becomes of it to `changed`.
//
//   idle → connecting → online → reconnecting → connecting …
//   any → offline (the browser says so) → connecting;  any → closed (4500–4999), for good, or for
//   as long as the server said

import type { Clock, OpenSocket, Socket } from './env';
import { type ClientFrame, readFrame, type ServerFrame, type WireError } from './wire';

export type Phase = 'idle' | 'connecting' | 'online' | 'reconnecting' | 'offline' | 'closed';

export interface ConnectionOptions {
  clock: Clock;
  random: () => number;
  open: OpenSocket;
  /** The first frame, made anew for each dial because `resume` moves on. */
  hello: () => ClientFrame;
  /** False only when the browser is sure that there is no network. */
  browserOnline: () => boolean;
  frame: (frame: ServerFrame) => void;
  changed: (phase: Phase) => void;
}

/** How long a dial may take until `welcome`; a proxy may accept and then say nothing. */
const DIAL_MS = 15_000;
/** How long the answer to a ping may take. */
const PONG_MS = 10_000;
/** A connection that lasted this long was a good one: the back-off begins anew. */
const STABLE_MS = 5_000;
/** A woken page asks at once whether a connection this silent still lives. */
const DOUBT_MS = 5_000;
const TOO_MANY_CONNECTIONS = 4029;
/** What browsers can wait for (2^31 ms, 24 days); who is kept out for longer reloads the page. */
const LONGEST_MS = 2_147_483_647;

export class Connection {
  #phase: Phase = 'idle';
  #socket: Socket | null = null;
  /** Dials since the last good connection: the n of the back-off. */
  #attempt = 0;
  #onlineSince = 0;
  #lastHeard = 0;
  #heartbeatMs = 25_000;
  #everOnline = false;
  #closeCode: number | null = null;
  #refusal: WireError | null = null;
  #retryAt: number | null = null;
  #cancelTimer = () => {};

  constructor(private readonly options: ConnectionOptions) {}

  get phase(): Phase {
    return this.#phase;
  }

  /** Whether `welcome` ever came: "connecting" after that is a reconnection. */
  get everOnline(): boolean {
    return this.#everOnline;
  }

  /** The code that closed it for good. */
  get closeCode(): number | null {
    return this.#closeCode;
  }

  /** Why the server refused the connection, while there is none. */
  get refusal(): WireError | null {
    return this.#phase === 'online' ? null : this.#refusal;
  }

  /** When the next dial is, where the server said how long to wait. */
  get retryAt(): number | null {
    return this.#retryAt;
  }

  start(): void {
    if (this.#phase === 'idle') this.#dial();
  }

  stop(): void {
    this.#drop();
    this.#become('idle');
  }

  /** Says hello anew: who it is for has changed. */
  restart(): void {
    if (this.#phase !== 'idle') this.#dial();
  }

  /** The network is back, the page is visible again, or somebody pressed "Try now". */
  wake(): void {
    if (this.#phase === 'reconnecting' || this.#phase === 'offline') {
      this.#dial();
    } else if (this.#phase === 'online' && this.#silence() > DOUBT_MS) {
      this.#ping();
    }
  }

  /** The browser lost its network; the socket may take minutes to notice, so it is not asked. */
  networkLost(): void {
    if (this.#phase === 'idle' || this.#phase === 'closed') return;
    this.#retryLater();
  }

  /** False when the frame was not sent because nobody is there to hear it. */
  send(frame: ClientFrame): boolean {
    if (this.#phase !== 'online' || this.#socket === null) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #dial(): void {
    this.#drop();
    this.#refusal = null;
    // Browsers are sometimes wrong about being offline, so they are dialled past in silence.
    if (this.#phase !== 'offline' || this.options.browserOnline()) this.#become('connecting');
    let current = true;
    const events = {
      opened: () => current && this.#socket?.send(JSON.stringify(this.options.hello())),
      text: (data: string) => current && this.#heard(data),
      closed: (code: number) => current && this.#closed(code),
    };
    const socket = this.options.open(events);
    this.#socket = {
      send: text => socket.send(text),
      close: () => {
        current = false;
        socket.close();
      },
    };
    this.#timer(DIAL_MS, () => this.#retryLater());
  }

  #heard(data: string): void {
    this.#lastHeard = this.options.clock.now();
    const frame = readFrame(data);
    if (this.#phase === 'online') this.#watchSilence();
    if (frame === null) return;
    if (frame.type === 'welcome' && this.#phase !== 'online') {
      this.#heartbeatMs = frame.heartbeat_s * 1000;
      this.#onlineSince = this.#lastHeard;
      this.#everOnline = true;
      this.#refusal = null;
      this.#phase = 'online';
      this.#watchSilence();
      this.options.frame(frame);
      this.options.changed('online');
      return;
    }
    if (frame.type === 'error' && frame.ref === null) this.#refusal = frame;
    this.options.frame(frame);
  }

  #closed(code: number): void {
    if (code >= 4500 && code <= 4999) {
      this.#drop();
      this.#closeCode = code;
      const wait = this.#refusal?.retry_after_ms ?? null;
      if (wait !== null && wait < LONGEST_MS) this.#timer(wait, () => this.#dial());
      this.#become('closed');
      return;
    }
    if (code === TOO_MANY_CONNECTIONS) this.#attempt = Math.max(this.#attempt, 4);
    this.#retryLater(code === TOO_MANY_CONNECTIONS);
  }

  #retryLater(keepAttempt = false): void {
    const { clock, random, browserOnline } = this.options;
    const wasGood = this.#phase === 'online' && clock.now() - this.#onlineSince >= STABLE_MS;
    this.#drop();
    if (wasGood && !keepAttempt) this.#attempt = 0;
    const asked = this.#refusal?.retry_after_ms ?? 0;
    const wait = asked + 200 + random() * Math.min(30_000, 500 * 2 ** this.#attempt);
    this.#attempt += 1;
    this.#timer(wait, () => this.#dial());
    if (asked > 0) this.#retryAt = clock.now() + wait;
    this.#become(browserOnline() ? 'reconnecting' : 'offline');
  }

  #watchSilence(): void {
    this.#timer(this.#heartbeatMs, () => this.#ping());
  }

  #ping(): void {
    this.send({ type: 'ping' });
    this.#timer(PONG_MS, () => this.#retryLater());
  }

  #silence(): number {
    return this.options.clock.now() - this.#lastHeard;
  }

  #drop(): void {
    this.#cancelTimer();
    this.#retryAt = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #timer(ms: number, task: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.options.clock.after(ms, task);
  }

  #become(phase: Phase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.options.changed(phase);
  }
}
