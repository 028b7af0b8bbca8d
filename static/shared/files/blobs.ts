// The bytes of files as addresses that the page can show. A customer's token goes into a header, never into
// an address, so the page fetches for itself; agents have a cookie, and need none of this.

import { type Signal, signal } from '@preact/signals';

/** Null while it is on its way. */
type Address = { url: string | null; failed: boolean };

const known = new Map<string, Signal<Address>>();

/** What has just been sent from here is shown without fetching it again. */
export function keepBlob(id: string, url: string): void {
  known.set(id, signal({ url, failed: false }));
}

/** Where the bytes of a file are. */
export function addressOf(
  file: { id: string; name: string },
  token: string | null,
): Signal<Address> {
  let address = known.get(file.id);
  if (address === undefined) {
    const path = `/api/v1/files/${file.id}/${encodeURIComponent(file.name)}`;
    address = signal({ url: token === null ? path : null, failed: false });
    known.set(file.id, address);
    if (token !== null) void fetchInto(address, path, token);
  }
  return address;
}

/** Asks again for what could not be had. */
export function forget(id: string): void {
  known.delete(id);
}

async function fetchInto(address: Signal<Address>, path: string, token: string): Promise<void> {
  try {
    const answer = await fetch(path, {
      headers: { Authorization: `Bearer ${token}` },
      credentials: 'omit',
    });
    if (!answer.ok) throw new Error(String(answer.status));
    address.value = { url: URL.createObjectURL(await answer.blob()), failed: false };
  } catch {
    address.value = { url: null, failed: true };
  }
}
