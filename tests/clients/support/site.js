// A site of its own origin with the tutorial-like pages, and what comes with them from npm.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const PAGES = fileURLToPath(new URL('../pages/', import.meta.url));

const beside = (name, file) => join(dirname(require.resolve(`${name}/package.json`)), file);

const FILES = {
  '/customer.html': [join(PAGES, 'customer.html'), 'text/html'],
  '/agent.html': [join(PAGES, 'agent.html'), 'text/html'],
  '/page.js': [join(PAGES, 'page.js'), 'text/javascript'],
  '/vendor/vue.js': [beside('vue', 'dist/vue.min.js'), 'text/javascript'],
  '/vendor/vue-socket.io.js': [beside('vue-socket.io', 'dist/build.js'), 'text/javascript'],
  '/vendor/socket.io-client.js': [
    beside('socket.io-client-1', 'dist/socket.io.min.js'),
    'text/javascript',
  ],
};

/** The origin of a site that ends with the test `t`. */
export async function site(t) {
  const server = createServer(async (request, response) => {
    const [path, type] = FILES[new URL(request.url, 'http://site').pathname] ?? [];
    if (path === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(await readFile(path));
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise(resolve => server.close(resolve));
  });
  return `http://127.0.0.1:${server.address().port}`;
}
