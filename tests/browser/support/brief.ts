// After all that was printed of a run, once more what failed and why, each in a few lines: whoever sees
// only the end of a long log sees that.

import type { FullResult, Reporter, TestCase, TestResult } from '@playwright/test/reporter';

const LINES = 12;

export default class Brief implements Reporter {
  readonly #failed: string[] = [];

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === 'passed' || result.status === 'skipped') return;
    const place = `${test.location.file.split('/').at(-1)}:${test.location.line}`;
    this.#failed.push(`${place} ${test.title}: ${result.status} after ${result.duration} ms`);
    for (const { message = '' } of result.errors) {
      // The colours of a terminal are of no use here.
      const plain = message.replaceAll(/\u001b\[\d+m/g, '');
      this.#failed.push(...plain.split('\n').slice(0, LINES).map(line => `  ${line}`));
    }
  }

  onEnd(_: FullResult): void {
    if (this.#failed.length > 0) console.log(`\nIn short:\n${this.#failed.join('\n')}`);
  }

  printsToStdio(): boolean {
    return true;
  }
}
