// The private room: each Socket.IO client is a customer with a conversation of their own.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KINDS } from '../support/clients.js';
import { Server } from '../support/server.js';
import { newToken, WireSession } from '../support/wire.js';

const LIMITS = { timeout: 60_000 };
const PRIVATE = { KEFU_ROOM: 'private' };

describe('private room', { concurrency: 2 }, () => {
  for (const kind of KINDS) {
    test(`${kind.name}: the agent's answer reaches its customer only`, LIMITS, async t => {
      const server = await Server.start(t, PRIVATE);
      const agent = await WireSession.agent(t, server);
      const [a, b] = await Promise.all([kind.connect(t, server), kind.connect(t, server)]);

      const [toA, toB] = [await a.ask(encodeURI('甲有问题')), await b.ask(encodeURI('乙也有'))];
      assert.notEqual(toA.conversation, toB.conversation);
      assert.deepEqual([toA.seq, toB.seq], [1, 1]);
      await agent.hears(toA.conversation, '甲有问题');
      await agent.hears(toB.conversation, '乙也有');
      await agent.post('答乙:100% <b>😀', toB.conversation);
      await agent.post('答甲', toA.conversation);
      await a.ask(encodeURI('谢谢'));
      await Promise.all([a.received(3), b.received(2)]);

      assert.deepEqual(a.texts, ['甲有问题', '答甲', '谢谢']);
      assert.deepEqual(b.texts, ['乙也有', '答乙:100% <b>😀']);
      assert.deepEqual(await server.texts(toA.conversation), a.texts);
      assert.deepEqual(await server.texts(toB.conversation), b.texts);
      for (const client of [a, b]) {
        assert.deepEqual([...new Set(client.heard.all.map(([event]) => event))], ['connect', 'message']);
      }
    });
  }

  for (const kind of KINDS.filter(({ eio }) => eio === 4)) {
    test(`${kind.name}: auth.token brings a customer back to their conversation`, LIMITS, async t => {
      const server = await Server.start(t, PRIVATE);
      const agent = await WireSession.agent(t, server);
      const token = newToken();

      const first = await kind.connect(t, server, { auth: { token } });
      const { conversation } = await first.ask(encodeURI('第一次来'));
      await first.close();

      const again = await kind.connect(t, server, { auth: { token } });
      const other = await kind.connect(t, server, { auth: { token: newToken() } });
      assert.deepEqual(await pair(again.ask(encodeURI('又来了'))), [conversation, 2]);
      assert.notEqual((await other.ask(encodeURI('另一位'))).conversation, conversation);
      await agent.post('欢迎回来', conversation);
      await again.received(2);
      assert.deepEqual(again.texts, ['又来了', '欢迎回来']);

      // The same person on Kefu's own wire.
      const wire = await WireSession.customer(t, server, token);
      assert.deepEqual(wire.welcome.conversations.map(({ id }) => id), [conversation]);
      await wire.post('从网页说', null);
      await again.received(3);

      // And after a restart of the server, without anything that the client's owner would do.
      await server.kill9();
      await server.restart();
      await again.connected(2);
      // One of those before it is the event that the agent took the conversation, which no page here hears.
      assert.deepEqual(await pair(again.ask(encodeURI('还在'))), [conversation, 6]);
      assert.deepEqual(await server.texts(conversation), [
        '第一次来',
        '又来了',
        '欢迎回来',
        '从网页说',
        '还在',
      ]);
    });

    test(`${kind.name}: an auth.token that is none is refused`, LIMITS, async t => {
      const server = await Server.start(t, PRIVATE);
      for (const token of ['short', 7, '']) {
        const client = kind.begin(t, server, { auth: { token } });
        await client.heard.until(() => client.heard.of('connect_error').length > 0, 'the refusal');
        const [said] = client.heard.of('connect_error');
        assert.match(said.message, /token/, `${token}: ${JSON.stringify(said)}`);
        assert.equal(client.connects, 0);
      }
    });
  }

  for (const kind of KINDS.filter(({ eio }) => eio === 3)) {
    test(`${kind.name}: ?token= only where it is allowed`, LIMITS, async t => {
      const server = await Server.start(t, { ...PRIVATE, KEFU_SOCKETIO_QUERY_TOKEN: 'true' });
      const query = { token: newToken() };
      const first = await kind.connect(t, server, { query });
      const { conversation } = await first.ask(encodeURI('第一次来'));
      await first.close();
      const again = await kind.connect(t, server, { query });
      assert.deepEqual(await pair(again.ask(encodeURI('又来了'))), [conversation, 2]);
      await again.close();

      await server.kill9();
      await server.restart({ KEFU_SOCKETIO_QUERY_TOKEN: 'false' });
      const stranger = await kind.connect(t, server, { query });
      const ack = await stranger.ask(encodeURI('没有令牌'));
      assert.notEqual(ack.conversation, conversation);
      assert.equal(ack.seq, 1);
      assert.ok(!server.log.includes(query.token), 'the log has no tokens');
    });
  }
});

const pair = async ack => {
  const { conversation, seq } = await ack;
  return [conversation, seq];
};
