// Finds the web addresses in a text: the characters of RFC 3986 and nothing else, so that Chinese
// punctuation ends an address, then `new URL()` as the judge.

export interface Piece {
  readonly text: string;
  /** Null for plain text. */
  readonly href: string | null;
}

const CANDIDATE = /https?:\/\/[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+/gi;
/** Punctuation that ends a sentence rather than an address. */
const TRAILING = new Set(['.', ',', ';', ':', '!', '?', "'", '*']);
const BRACKETS = [
  [')', '('],
  [']', '['],
] as const;

export function splitLinks(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const previous = text[match.index - 1];
    // "xhttp://…" is another scheme; a Chinese character before it is not part of it.
    if (previous !== undefined && /[A-Za-z0-9+.-]/.test(previous)) continue;
    const address = trimEnd(match[0]);
    if (!isWebAddress(address)) continue;
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), href: null });
    pieces.push({ text: address, href: address });
    from = match.index + address.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), href: null });
  return pieces;
}

/** Cuts sentence punctuation, and closing brackets that were opened outside of the address. */
function trimEnd(address: string): string {
  const surplus: Record<string, number> = { ')': 0, ']': 0 };
  for (const character of address) {
    for (const [closing, opening] of BRACKETS) {
      if (character === closing) surplus[closing] = (surplus[closing] ?? 0) + 1;
      if (character === opening) surplus[closing] = (surplus[closing] ?? 0) - 1;
    }
  }
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address[end - 1] as string;
    const unopened = surplus[last] ?? 0;
    if (unopened > 0) surplus[last] = unopened - 1;
    else if (!TRAILING.has(last)) break;
  }
  return address.slice(0, end);
}

function isWebAddress(address: string): boolean {
  try {
    const url = new URL(address);
    // "https://bank.example@evil.example" is made to deceive; it stays text.
    return /^https?:$/.test(url.protocol) && url.hostname !== '' && url.username === '';
  } catch {
    return false;
  }
}
