// Listens to every page of a test. What a page complains of, and the test did not announce, fails
// the test: errors and warnings on its console, uncaught exceptions, violations of the
// Content-Security-Policy, and requests to our server that fail or are refused.

import type { BrowserContext, Page } from '@playwright/test';

/** How Chromium names a connection that was cut or refused. */
const CUT = [
  'CONNECTION_(REFUSED|RESET)',
  'SOCKET_NOT_CONNECTED',
  'INTERNET_DISCONNECTED',
  'EMPTY_RESPONSE',
  'CONTENT_LENGTH_MISMATCH',
].join('|');

/**
 * The machine's sound did not answer the browser for ten seconds, which is not the page's doing. It
 * makes another context, as a test of its own shows.
 */
const NO_SOUND = /^console error: The AudioContext encountered an error from the audio device/;

export class Watch {
  readonly #announced: RegExp[] = [NO_SOUND];
  readonly #complaints: string[] = [];

  /** From here on, complaints that match are part of the test. */
  announce(...patterns: RegExp[]): void {
    this.#announced.push(...patterns);
  }

  /** The server goes away or the network is cut: connections fail. */
  announceOutage(): void {
    this.announce(
      /^console (error|warning): WebSocket connection to 'ws:\/\/127\.0\.0\.1:\d+\/ws' failed/,
      new RegExp(`^request failed: .*net::ERR_(${CUT}|NETWORK_CHANGED)`),
      new RegExp(`^console error: Failed to load resource: net::ERR_(${CUT})`),
    );
  }

  get complaints(): readonly string[] {
    return this.#complaints;
  }

  async context(context: BrowserContext): Promise<void> {
    context.on('page', page => this.#page(page));
    context.on('weberror', error => this.#hear(`uncaught: ${error.error()}`));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', event => {
        console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI}`);
      });
    });
  }

  #page(page: Page): void {
    page.on('console', message => {
      const type = message.type();
      if (type !== 'error' && type !== 'warning') return;
      this.#hear(`console ${type}: ${message.text()} (${message.location().url})`);
    });
    page.on('requestfailed', request => {
      const why = request.failure()?.errorText ?? '';
      // Left behind by a reload.
      if (why !== 'net::ERR_ABORTED') {
        this.#hear(`request failed: ${request.method()} ${request.url()} ${why}`);
      }
    });
    page.on('response', response => {
      if (response.status() >= 400) {
        this.#hear(
          `answered ${response.status()}: ${response.request().method()} ${response.url()}`,
        );
      }
    });
    page.on('crash', () => this.#hear('the page crashed'));
  }

  #hear(complaint: string): void {
    if (this.#announced.some(pattern => pattern.test(complaint))) return;
    this.#complaints.push(complaint);
  }
}
