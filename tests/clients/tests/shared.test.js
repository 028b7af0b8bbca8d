// The shared room, as the tutorial had it: what anyone says reaches everyone.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KINDS } from '../support/clients.js';
import { Server } from '../support/server.js';

const LIMITS = { timeout: 60_000 };

/** What is sent, and what everyone gets. */
const TEXTS = [
  [encodeURI('用户:你好'), '用户:你好'],
  [encodeURI('客服:您好,请问有什么可以帮您?'), '客服:您好,请问有什么可以帮您?'],
  [encodeURI('用户:😀👨‍👩‍👧 𠮷'), '用户:😀👨‍👩‍👧 𠮷'],
  ['raw 中文 and 😀', 'raw 中文 and 😀'],
  ['<script>alert("1")</script>&amp;\\', '<script>alert("1")</script>&amp;\\'],
  ['two\nlines\u2028and a third', 'two\nlines\u2028and a third'],
  ['a+b%20c', 'a+b c'],
  ['%zz%', '%zz%'],
  ['%E4%BD', '\ufffd'],
  ['100%', '100%'],
];

const BURSTS = {
  'a hundred': Array.from({ length: 100 }, (_, number) => `第${number}条`),
  'five of the greatest length': Array.from({ length: 5 }, (_, number) => number + '字'.repeat(3_999)),
};

describe('shared room', { concurrency: 2 }, () => {
  for (const kind of KINDS) {
    test(`${kind.name}: everyone gets what anyone says, once and in order`, LIMITS, async t => {
      const server = await Server.start(t);
      const [a, b] = await Promise.all([kind.connect(t, server), kind.connect(t, server)]);
      const transport = kind.transport === 'polling' ? 'polling' : 'websocket';
      assert.equal(await a.transport(), transport);

      const shown = [];
      for (const [number, [sent, text]] of TEXTS.entries()) {
        const ack = await (number % 2 ? b : a).ask(sent);
        assertAck(ack, shown.length + 1);
        shown.push(text);
        // An ack says that it is stored.
        assert.deepEqual(await server.texts(ack.conversation), shown);
      }

      b.send('without an ack');
      shown.push('without an ack');
      await Promise.all([a.received(shown.length), b.received(shown.length)]);
      assert.deepEqual(a.texts, shown);
      assert.deepEqual(b.texts, shown);
      assert.deepEqual(await server.texts(), shown);
      for (const client of [a, b]) {
        assert.deepEqual(client.heard.all[0].slice(0, 1), ['connect']);
        assert.equal(client.heard.all.length, 1 + shown.length, 'nothing else was heard');
      }
    });
  }

  for (const kind of KINDS) {
    for (const [what, texts] of Object.entries(BURSTS)) {
      test(`${kind.name}: ${what} at once`, LIMITS, async t => {
        const server = await Server.start(t);
        const b = await kind.connect(t, server);
        // socket.io-client keeps what is said too early, and says it as soon as it is connected, as
        // after an outage. Over polling it all goes in few requests and comes in few answers.
        const a = kind.isPython ? await kind.connect(t, server) : kind.begin(t, server);
        const acks = await Promise.all(texts.map(text => a.ask(encodeURI(text))));
        acks.forEach((ack, number) => assertAck(ack, number + 1));
        await Promise.all([a.received(texts.length), b.received(texts.length)]);
        assert.deepEqual(a.texts, texts);
        assert.deepEqual(b.texts, texts);
        assert.deepEqual(await server.texts(), texts);
        assert.deepEqual([a.connects, b.connects], [1, 1]);
      });
    }
  }

  test('every kind of client in one room sees the same list', LIMITS, async t => {
    const server = await Server.start(t);
    const clients = await Promise.all(KINDS.map(kind => kind.connect(t, server)));
    const acks = await Promise.all(clients.map((client, number) => client.ask(encodeURI(`我是${number}号`))));
    const shown = acks
      .map(({ seq }, number) => ({ seq, text: `我是${number}号` }))
      .sort((one, other) => one.seq - other.seq)
      .map(({ text }) => text);
    await Promise.all(clients.map(client => client.received(shown.length)));
    for (const client of clients) assert.deepEqual(client.texts, shown);
    assert.deepEqual(await server.texts(), shown);
  });

  test('every kind of client keeps its connection while nothing is said', LIMITS, async t => {
    const server = await Server.start(t, {
      KEFU_SOCKETIO_PING_INTERVAL_S: '1',
      KEFU_SOCKETIO_PING_TIMEOUT_S: '2',
    });
    const clients = await Promise.all(KINDS.map(kind => kind.connect(t, server)));
    // Whoever was not heard of, or heard nothing, is gone by then.
    await Promise.all(clients.filter(client => client.beats).map(client => client.beats(5)));
    await clients[0].ask('still here');
    await Promise.all(clients.map(client => client.received(1)));
    for (const [number, client] of clients.entries()) {
      assert.deepEqual(client.heard.all.map(([event]) => event), ['connect', 'message'], KINDS[number].name);
    }
  });
});

function assertAck(ack, seq) {
  assert.deepEqual(Object.keys(ack).sort(), ['conversation', 'sent_at', 'seq'], JSON.stringify(ack));
  assert.equal(ack.seq, seq);
  assert.equal(typeof ack.conversation, 'string');
  assert.match(ack.sent_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
}
