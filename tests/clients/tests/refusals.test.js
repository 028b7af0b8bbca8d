// What is refused, and how each client hears of it; the connection stays.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KINDS } from '../support/clients.js';
import { Server } from '../support/server.js';

const LIMITS = { timeout: 60_000 };

/** The arguments of `message`, and the error's code. */
const BAD = {
  'an empty string': [[''], 'text_empty'],
  blanks: [['%20%E3%80%80'], 'text_empty'],
  'U+0000': [['a%00b'], 'text_invalid'],
  'too many characters': [[encodeURI('字'.repeat(4001))], 'text_too_long'],
  'too many bytes': [['x'.repeat(40_000)], 'text_too_long'],
  'a number': [[7], 'bad_request'],
  null: [[null], 'bad_request'],
  true: [[true], 'bad_request'],
  'an object': [[{ text: 'x' }], 'bad_request'],
  'an array': [[['x']], 'bad_request'],
  'no argument': [[], 'bad_request'],
  'two arguments': [['one', 'two'], 'bad_request'],
  'half a surrogate pair': [['\ud800'], 'bad_request'],
  bytes: [[Buffer.from('你好')], 'binary_unsupported'],
  'an object with bytes': [[{ file: Buffer.from('你好') }], 'binary_unsupported'],
};

describe('refusals', { concurrency: 2 }, () => {
  for (const kind of KINDS) {
    test(`${kind.name}: bad input is answered, the connection stays`, LIMITS, async t => {
      const server = await Server.start(t);
      const [a, b] = await Promise.all([kind.connect(t, server), kind.connect(t, server)]);

      for (const [what, [args, code]] of Object.entries(BAD)) {
        const answer = await a.ask(...args);
        assert.deepEqual(Object.keys(answer), ['error'], `${what}: ${JSON.stringify(answer)}`);
        assertError(answer.error, code, what);
      }

      // Without an ack, the server sends an event called `error`: to its sender only. These clients
      // pass it on like any other event, although some of them reserve the name for themselves.
      for (const [number, [what, [args, code]]] of Object.entries(BAD).entries()) {
        a.send(...args);
        await a.heard.until(() => a.heard.of('error').length > number, `an error for ${what}`);
        assertError(a.heard.of('error')[number], code, what);
      }

      assert.equal((await a.ask('still here')).seq, 1);
      assert.equal(a.heard.of('error').length, Object.keys(BAD).length);
      await Promise.all([a.received(1), b.received(1)]);
      assert.deepEqual(b.heard.all.map(([event]) => event), ['connect', 'message']);
      assert.deepEqual(a.texts, ['still here']);
      assert.equal(a.connects, 1);
      assert.equal(a.heard.of('disconnect').length, 0);
      assert.deepEqual(await server.texts(), ['still here']);
    });

    test(`${kind.name}: /chat greets, another namespace is refused`, LIMITS, async t => {
      const server = await Server.start(t);
      const chat = await kind.connect(t, server, { namespace: '/chat' });
      await chat.heard.until(() => chat.heard.of('my response').length > 0, 'the greeting');
      assert.deepEqual(chat.heard.of('my response'), [{ data: 'Connected' }]);

      const elsewhere = kind.begin(t, server, { namespace: '/elsewhere' });
      // The oldest protocol has no word of its own for it; socket.io-client calls it `error` there.
      const refusal = kind.eio === 3 && !kind.isPython ? 'error' : 'connect_error';
      await elsewhere.heard.until(() => elsewhere.heard.of(refusal).length > 0, 'the refusal');
      const [said] = elsewhere.heard.of(refusal);
      assert.match(JSON.stringify(said.message ?? said), /namespace/i);
      assert.equal(elsewhere.connects, 0);

      // Neither disturbs the room.
      const room = await kind.connect(t, server);
      chat.send('is not heard');
      await room.ask('is heard');
      await room.received(1);
      assert.deepEqual(room.texts, ['is heard']);
      assert.deepEqual(chat.texts, []);
      assert.deepEqual(await server.texts(), ['is heard']);
    });
  }

  // python-socketio over polling is not among them: it ends without a word when a request of its own
  // is refused, whatever the server (its write loop resets the client, which then hears of nothing).
  for (const kind of KINDS.filter(one => !one.isPython || one.transport !== 'polling')) {
    test(`${kind.name}: ten megabytes end the connection, and the client comes back`, LIMITS, async t => {
      const server = await Server.start(t);
      const a = await kind.connect(t, server);
      // The oldest clients encode it character by character, for seconds in which this whole process
      // stands still. Somebody who is about to poll would be cut off for that silence.
      a.send('x'.repeat(10_000_000));
      const b = await kind.connect(t, server);
      await a.connected(2);
      await a.ask('back again');
      await Promise.all([a.received(1), b.received(1)]);
      assert.deepEqual(b.heard.all.map(([event]) => event), ['connect', 'message']);
      assert.deepEqual(await server.texts(), ['back again']);
    });
  }

  test('KEFU_SOCKETIO=off: no client gets in', LIMITS, async t => {
    const server = await Server.start(t, { KEFU_SOCKETIO: 'off' });
    const clients = KINDS.map(kind => kind.begin(t, server));
    await Promise.all(
      clients.map(client =>
        client.heard.until(() => client.heard.of('connect_error').length > 0, 'the refusal'),
      ),
    );
    for (const client of clients) assert.equal(client.connects, 0);
  });
});

function assertError(error, code, what) {
  const seen = `${what}: ${JSON.stringify(error)}`;
  assert.equal(error?.code, code, seen);
  assert.equal(typeof error.message, 'string', seen);
  assert.notEqual(error.message, '', seen);
}
