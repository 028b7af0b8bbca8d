// Pages as the tutorial's, on vue-socket.io 2.1.0 and Vue 2, on another site than Kefu.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Browser, KefuPage, TutorialPage } from '../support/browser.js';
import { Server } from '../support/server.js';
import { site } from '../support/site.js';

const LIMITS = { timeout: 90_000 };

/** How the pages are kept on a transport. */
const WAYS = {
  // vue-socket.io makes the connection itself, in a browser without WebSocket.
  'polling only': {
    transport: 'polling',
    prepare: page =>
      page.addInitScript(() => {
        delete window.WebSocket;
      }),
  },
  // The page makes the connection and hands it to vue-socket.io.
  'WebSocket only': { transport: 'websocket', transports: 'websocket' },
  // As the tutorial does it.
  'polling and its upgrade': { transport: 'websocket' },
};

describe('tutorial pages', { concurrency: 2 }, () => {
  const browser = new Browser();

  /** A customer's and an agent's page, both connected. */
  async function two(t, server, origin, { transport, transports, prepare }) {
    return Promise.all(
      ['customer', 'agent'].map(async who => {
        const page = await browser.page(t);
        await prepare?.(page);
        const opened = await TutorialPage.open(page, origin, who, server.url, transports);
        await opened.connected();
        if (transport === 'websocket') await opened.upgraded();
        return opened;
      }),
    );
  }

  for (const [name, way] of Object.entries(WAYS)) {
    test(`${name}: a talk from another site, through a restart of the server`, LIMITS, async t => {
      const origin = await site(t);
      const server = await Server.start(t, { KEFU_SOCKETIO_ORIGINS: `https://shop.example,${origin}` });
      const [customer, agent] = await two(t, server, origin, way);

      const shown = [];
      const say = async (page, prefix, text) => {
        await page.say(text);
        shown.push(`${prefix}${text}`);
        await Promise.all([customer.shows(shown), agent.shows(shown)]);
      };
      await say(customer, '用户:', '你好,在吗?');
      await say(agent, '客服:', '您好,请问有什么可以帮您?😀');
      await say(customer, '用户:', '<b>1 + 1 = 100%</b>');

      // Only to who asked for it.
      await customer.say('字'.repeat(5_000));
      const [error] = await customer.told(1);
      assert.equal(error.code, 'text_too_long');

      await server.kill9();
      await server.restart();
      await Promise.all([customer.connected(2), agent.connected(2)]);
      await say(agent, '客服:', '还在吗?');
      await say(customer, '用户:', '在的👍');

      for (const page of [customer, agent]) {
        if (way.transport === 'websocket') await page.upgraded();
        assert.equal(await page.transport(), way.transport);
        assert.equal(await page.connects(), 2);
      }
      assert.deepEqual(await server.texts(), shown);
    });
  }

  for (const transports of ['polling', 'websocket']) {
    test(`${transports}: only the sites of KEFU_SOCKETIO_ORIGINS`, LIMITS, async t => {
      const [known, stranger] = await Promise.all([site(t), site(t)]);
      const server = await Server.start(t, { KEFU_SOCKETIO_ORIGINS: known });

      const strange = await TutorialPage.open(
        await browser.page(t),
        stranger,
        'customer',
        server.url,
        transports,
      );
      const page = await browser.page(t);
      const answers = [];
      page.on('response', response => {
        if (response.url().startsWith(server.url)) answers.push(response.headers());
      });
      const welcome = await TutorialPage.open(page, known, 'customer', server.url, transports);
      await welcome.connected();
      await welcome.say('你好');
      await welcome.shows(['用户:你好']);
      for (const headers of transports === 'polling' ? answers : []) {
        assert.equal(headers['access-control-allow-origin'], known);
        assert.equal(headers['access-control-allow-credentials'], 'true');
      }

      await strange.refused();
      assert.equal(await strange.connects(), 0);
      assert.deepEqual(await strange.texts(), []);
    });
  }

  test('KEFU_SOCKETIO_ORIGINS=*: any site', LIMITS, async t => {
    const origin = await site(t);
    const server = await Server.start(t, { KEFU_SOCKETIO_ORIGINS: '*' });
    const [customer, agent] = await two(t, server, origin, WAYS['polling only']);
    await customer.say('你好');
    await Promise.all([customer.shows(['用户:你好']), agent.shows(['用户:你好'])]);
  });

  test('the pages of both in one room', LIMITS, async t => {
    const origin = await site(t);
    const server = await Server.start(t, { KEFU_SOCKETIO_ORIGINS: origin });
    const [customer, agent] = await two(t, server, origin, WAYS['polling and its upgrade']);
    const own = await KefuPage.customer(await browser.page(t), server);
    const everyone = [customer, agent, own];

    const shown = [];
    const say = async (page, text, prefix = '') => {
      await page.say(text);
      shown.push(prefix + text);
      await Promise.all(everyone.map(one => one.shows(shown)));
    };
    await say(customer, '教程页面上的客户', '用户:');
    // The console opens the conversation, so there has to be one.
    const console = await KefuPage.agent(await browser.page(t), server);
    everyone.push(console);
    await say(own, 'Kefu 页面上的客户 😀');
    await say(console, '控制台里的客服: 100% <b>');
    await say(agent, '教程页面上的客服', '客服:');

    // All at once: in whichever order, it is the same everywhere.
    const rounds = 5;
    for (let round = 0; round < rounds; round += 1) {
      await Promise.all(everyone.map((page, who) => page.say(`第${round}轮,第${who}位`)));
    }
    const count = shown.length + rounds * everyone.length;
    const list = await server.stored(count);
    assert.equal(new Set(list).size, count);
    await Promise.all(everyone.map(one => one.shows(list)));
  });
});
