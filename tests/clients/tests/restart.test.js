// The server dies in the middle of a talk and comes back at the same address.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KINDS } from '../support/clients.js';
import { Server } from '../support/server.js';

const LIMITS = { timeout: 60_000 };

describe('restart', { concurrency: 2 }, () => {
  for (const kind of KINDS) {
    test(`${kind.name}: killed and started again, nothing acknowledged is lost`, LIMITS, async t => {
      const server = await Server.start(t);
      const [a, b] = await Promise.all([kind.connect(t, server), kind.connect(t, server)]);
      const talk = new Talk(a);

      await talk.until(15);
      await server.kill9();
      talk.pause();
      await server.restart();
      await Promise.all([a.connected(2), b.connected(2)]);
      const before = talk.acked.size;
      talk.resume();
      await talk.until(before + 15);
      talk.pause();
      const { seq } = await b.ask(encodeURI('完'));
      await Promise.all(
        [a, b].map(client => client.heard.until(() => client.texts.includes('完'), 'the last one')),
      );

      const stored = await server.messages((await server.conversations())[0]);
      for (const [text, ack] of talk.acked) {
        assert.equal(stored[ack.seq - 1]?.text, text, `acknowledged as ${ack.seq}`);
      }
      const texts = stored.map(({ text }) => text);
      assert.deepEqual(
        stored.map(message => message.seq),
        texts.map((_, index) => index + 1),
      );
      assert.equal(new Set(texts).size, texts.length, 'stored once');
      for (const client of [a, b]) {
        const places = client.texts.map(text => texts.indexOf(text));
        assert.ok(!places.includes(-1), 'what was shown was stored');
        assert.deepEqual(places, [...places].sort((one, other) => one - other), 'in order');
        assert.equal(new Set(places).size, places.length, 'once');
        for (const [text, ack] of talk.acked) {
          // Whatever was said while both were connected again.
          if (ack.second) assert.ok(client.texts.includes(text), text);
        }
      }
      assert.equal(texts.indexOf('完') + 1, seq);
      assert.equal(a.connects, 2);
    });
  }
});

/** Somebody who goes on talking, with four messages on the way at any time. */
class Talk {
  #client;
  #number = 0;
  #paused = false;
  #second = false;
  #watching = () => {};
  acked = new Map();

  constructor(client) {
    this.#client = client;
    for (let window = 0; window < 4; window += 1) this.#say();
  }

  pause() {
    this.#paused = true;
  }

  resume() {
    this.#paused = false;
    this.#second = true;
    for (let window = 0; window < 4; window += 1) this.#say();
  }

  /** Waits for so many acks in all. */
  until(count) {
    return new Promise(resolve => {
      this.#watching = () => {
        if (this.acked.size >= count) resolve();
      };
      this.#watching();
    });
  }

  #say() {
    if (this.#paused) return;
    this.#number += 1;
    const text = `第${this.#number}句`;
    const second = this.#second;
    this.#client.offer(encodeURI(text), ack => {
      assert.equal(typeof ack.seq, 'number', JSON.stringify(ack));
      this.acked.set(text, { ...ack, second });
      this.#watching();
      this.#say();
    });
  }
}
