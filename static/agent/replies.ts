// Saved replies in the composer, as plain functions: when a `/` asks for one, which ones fit, and what
// is put in.

export interface SavedReply {
  readonly id: string;
  readonly shortcut: string;
  readonly title: string | null;
  readonly text: string;
  readonly shared: boolean;
}

/** What is being asked for, and from where to the caret it stands in the text. */
export interface Asked {
  readonly from: number;
  readonly query: string;
}

// The key that writes `/` writes the other two with Chinese punctuation.
const ASKS = /(?:^|\s)[/／、]([^\s/／、]{0,32})$/u;

/** The `/…` that ends at the caret and begins the text or follows white space; any other is just text. */
export function askedFor(text: string, caret: number): Asked | null {
  const query = ASKS.exec(text.slice(0, caret))?.[1];
  if (query === undefined) return null;
  return { from: caret - query.length - 1, query: query.toLowerCase() };
}

/** Those that fit, the best first: the shortcut begins so, has it inside, or the title has. */
export function fitting(replies: readonly SavedReply[], query: string): readonly SavedReply[] {
  const rank = ({ shortcut, title }: SavedReply) => {
    if (shortcut.startsWith(query)) return 0;
    if (shortcut.includes(query)) return 1;
    return title?.toLowerCase().includes(query) ? 2 : 3;
  };
  return replies
    .map(reply => ({ reply, rank: rank(reply) }))
    .filter(({ rank }) => rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map(({ reply }) => reply);
}

export interface Names {
  readonly customer: string | null;
  readonly agent: string | null;
}

/** Fills `{customer.name}` and `{agent.name}`. Who has no name is called as `{customer.name|friend}` says
 * after the bar, or else as `fallback` does. Everything else stays as it is. */
export function fill(text: string, names: Names, fallback: Readonly<Record<keyof Names, string>>) {
  return text.replaceAll(
    /\{(customer|agent)\.name(?:\|([^{}|]*))?\}/g,
    (_, who: keyof Names, otherwise?: string) => names[who] ?? otherwise ?? fallback[who],
  );
}
