// People without a browser: they speak the wire (docs/PROTOCOL.md) to fill a database quickly, and
// ask the server what it holds.

import { randomBytes, randomUUID } from 'node:crypto';
import { type RawData, WebSocket } from 'ws';
import { ADMIN, type Server } from './server.ts';

export interface Stored {
  readonly conversation: string;
  readonly seq: number;
  readonly client_id: string | null;
  readonly kind: string;
  readonly text: string;
  readonly from: { readonly role: string; readonly id: string | null };
}

type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

/** A session that a program has. */
export class WireSession {
  readonly #waiting = new Map<string, (frame: Frame) => void>();
  #refs = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', data => this.#heard(data));
  }

  /** A customer; someone new without a token. */
  static async customer(
    server: Server,
    token = randomBytes(32).toString('base64url'),
    more: Readonly<Record<string, string>> = {},
  ): Promise<WireSession> {
    return WireSession.#open(server, { as: 'customer', token, ...more });
  }

  static async agent(server: Server, api: Api): Promise<WireSession> {
    return WireSession.#open(server, { as: 'agent', token: api.token });
  }

  static async #open(server: Server, hello: Record<string, unknown>): Promise<WireSession> {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const session = new WireSession(socket);
    const welcome = session.#answer('welcome');
    socket.send(JSON.stringify({ type: 'hello', resume: {}, ...hello }));
    await welcome;
    return session;
  }

  /** Posts a text and waits until it is stored; the conversation it went to. */
  async post(text: string, conversation: string | null = null): Promise<string> {
    this.#refs += 1;
    const ref = String(this.#refs);
    const answer = this.#answer(ref);
    this.socket.send(
      JSON.stringify({ type: 'message.post', ref, conversation, client_id: randomUUID(), text }),
    );
    const frame = await answer;
    if (frame.type !== 'message.accepted') throw new Error(`refused: ${JSON.stringify(frame)}`);
    return String(frame.conversation);
  }

  /** Asks for a thing that is answered by its `ref`; the answer's type, or an error's code. */
  async ask(frame: Frame): Promise<string> {
    this.#refs += 1;
    const ref = String(this.#refs);
    const answer = this.#answer(ref);
    this.socket.send(JSON.stringify({ ref, ...frame }));
    const { type, code } = await answer;
    return String(type === 'error' ? code : type);
  }

  /** Says a thing that is not answered. */
  say(frame: Frame): void {
    this.socket.send(JSON.stringify(frame));
  }

  close(): void {
    this.socket.close();
  }

  #answer(key: string): Promise<Frame> {
    return new Promise(resolve => this.#waiting.set(key, resolve));
  }

  #heard(data: RawData): void {
    const frame = JSON.parse(data.toString()) as Frame;
    for (const key of [frame.ref, frame.type]) {
      if (typeof key !== 'string') continue;
      this.#waiting.get(key)?.(frame);
      this.#waiting.delete(key);
    }
  }
}

/** The HTTP side, as the admin sees it. */
export class Api {
  private constructor(
    private readonly server: Server,
    readonly token: string,
  ) {}

  static async signIn(server: Server): Promise<Api> {
    const response = await fetch(`${server.url}/api/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...ADMIN, bearer: true }),
    });
    const { token } = (await response.json()) as { token?: string };
    if (token === undefined) throw new Error(`signing in was answered with ${response.status}`);
    return new Api(server, token);
  }

  /** The ids of all conversations, latest activity first. */
  async conversations(): Promise<string[]> {
    const { conversations } = await this.#get<{ conversations: { id: string }[] }>(
      '/conversations?limit=100',
    );
    return conversations.map(({ id }) => id);
  }

  /** Everything that the database holds of a conversation, in order. */
  async messages(conversation: string): Promise<Stored[]> {
    const all: Stored[] = [];
    for (;;) {
      const after = all.at(-1)?.seq ?? 0;
      const page = await this.#get<{ messages: Stored[]; more: boolean }>(
        `/conversations/${conversation}/messages?after=${after}&limit=200`,
      );
      all.push(...page.messages);
      if (!page.more) return all;
    }
  }

  async texts(conversation: string): Promise<string[]> {
    const messages = await this.messages(conversation);
    return messages.filter(({ kind }) => kind === 'text').map(({ text }) => text);
  }

  /** Changes fields of a section of the business's settings. */
  async set(section: string, value: Readonly<Record<string, unknown>>): Promise<void> {
    const { sections } = await this.#get<{ sections: Record<string, { version: number }> }>(
      '/settings',
    );
    const version = sections[section]?.version ?? 0;
    const response = await fetch(`${this.server.url}/api/v1/settings`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sections: { [section]: { version, value } } }),
    });
    if (!response.ok) throw new Error(`not set: ${response.status} ${await response.text()}`);
  }

  /** Asks for something to be done. */
  async post(path: string, body: unknown, method = 'POST'): Promise<void> {
    const response = await fetch(`${this.server.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.server.url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${this.token}` },
    });
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
    return (await response.json()) as T;
  }
}
