// What an admin has erased reads as the server's own word for it; the pages say it in the reader's language.

/** As the server has it in place of a text (docs/PROTOCOL.md §6). */
const ERASED = '[erased]';

/** A text, or in words that it was erased. */
export function orErased(text: string, words: { readonly erased: string }): string {
  return text === ERASED ? words.erased : text;
}
