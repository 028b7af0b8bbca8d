// People on Kefu's own WebSocket (docs/PROTOCOL.md), for the other end of a talk.

import { randomBytes, randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { Heard, within } from './heard.js';

/** What a customer's page makes for itself, and keeps. */
export const newToken = () => randomBytes(32).toString('base64url');

export class WireSession {
  #socket;
  heard = new Heard();

  constructor(socket) {
    this.#socket = socket;
    socket.on('message', data => {
      const frame = JSON.parse(data.toString());
      this.heard.add(frame.type, frame);
    });
  }

  static async agent(t, server) {
    return WireSession.#open(t, server, { as: 'agent', token: await server.token() });
  }

  static async customer(t, server, token) {
    return WireSession.#open(t, server, { as: 'customer', token });
  }

  static async #open(t, server, hello) {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`);
    t.after(() => socket.terminate());
    const session = new WireSession(socket);
    await within(
      new Promise((resolve, reject) => {
        socket.once('open', resolve);
        socket.once('error', reject);
      }),
      'a WebSocket',
    );
    socket.send(JSON.stringify({ type: 'hello', resume: {}, ...hello }));
    await session.heard.until(() => session.heard.of('resumed').length > 0, 'the end of resume');
    return session;
  }

  get welcome() {
    return this.heard.of('welcome')[0];
  }

  /** The texts that were posted in a conversation. */
  texts(conversation) {
    return this.heard
      .of('message.posted')
      .filter(frame => frame.conversation === conversation && frame.kind === 'text')
      .map(({ text }) => text);
  }

  /** Waits for a text in a conversation. */
  hears(conversation, text) {
    return this.heard.until(() => this.texts(conversation).includes(text), `“${text}”`);
  }

  /** Posts a text and waits until it is stored. */
  async post(text, conversation) {
    const ref = randomUUID();
    this.#socket.send(
      JSON.stringify({ type: 'message.post', ref, conversation, client_id: randomUUID(), text }),
    );
    const answer = () =>
      [...this.heard.of('message.accepted'), ...this.heard.of('error')].find(
        frame => frame.ref === ref,
      );
    await this.heard.until(() => answer() !== undefined, `an answer to “${text}”`);
    if (answer().type === 'error') throw new Error(`refused: ${JSON.stringify(answer())}`);
    return answer();
  }
}
