// Fetching a part of the page while there may be no network.

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** Without a network there is nothing to be had: tries until there is one. */
export async function insist<T>(load: () => Promise<T>): Promise<T> {
  for (let wait = FIRST_RETRY_MS; ; wait = Math.min(2 * wait, LAST_RETRY_MS)) {
    try {
      return await load();
    } catch {
      await new Promise(resolve => setTimeout(resolve, wait));
    }
  }
}
