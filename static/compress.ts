// A Vite plugin that writes a .br and a .gz beside each text file of the build, which the server
// sends as they are instead of compressing at every request.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const TEXT = /\.(html|js|css|svg|json|txt|webmanifest)$/;

export function compress(): Plugin {
  let folder = '';
  return {
    name: 'kefu-compress',
    apply: 'build',
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    // After everything, the files of public/ included, is on disk.
    async closeBundle() {
      const names = await readdir(folder, { recursive: true });
      await Promise.all(
        names
          .filter(name => TEXT.test(name))
          .map(async name => {
            const path = join(folder, name);
            const data = await readFile(path);
            await writeFile(`${path}.gz`, gzipSync(data, { level: 9 }));
            await writeFile(
              `${path}.br`,
              brotliCompressSync(data, {
                params: {
                  [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
                  [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
                },
              }),
            );
          }),
      );
    },
  };
}
