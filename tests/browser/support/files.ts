// Files that the tests send.

import { deflateSync } from 'node:zlib';
import { expect } from '@playwright/test';
import type { ConsolePage, CustomerPage } from './pages.ts';

export interface TestFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

export const PICTURE: TestFile = { name: 'cat.png', mimeType: 'image/png', buffer: png(320, 200) };

export const TEXT_FILE: TestFile = {
  name: 'notes.txt',
  mimeType: 'text/plain',
  buffer: Buffer.from('A few words.\n几个字。\n'),
};

/** Chooses files as by the button. */
export async function chooseFiles(page: CustomerPage | ConsolePage, files: readonly TestFile[]) {
  const tray = page.page.locator('.tray li');
  const before = await tray.count();
  await page.page.locator('.attach input').setInputFiles([...files]);
  await expect(tray).toHaveCount(before + files.length);
}

/** A picture of a hill under the sun. */
export function png(width: number, height: number): Buffer {
  const rows: Buffer[] = [];
  for (let y = 0; y < height; y += 1) {
    const row = Buffer.alloc(1 + width * 3);
    for (let x = 0; x < width; x += 1) {
      const hill = y > height * (0.62 + 0.18 * Math.sin((x / width) * 5));
      const sun = Math.hypot(x - width * 0.75, y - height * 0.28) < height * 0.13;
      const sky = [120 + (60 * y) / height, 175 + (40 * y) / height, 235];
      row.set(hill ? [74, 140, 84] : sun ? [250, 214, 92] : sky, 1 + x * 3);
    }
    rows.push(row);
  }
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  size.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.concat(rows));
  return Buffer.concat([
    signature,
    part('IHDR', size),
    part('IDAT', data),
    part('IEND', Buffer.alloc(0)),
  ]);
}

function part(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc(body), body.length + 4);
  return out;
}

function crc(bytes: Buffer): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
