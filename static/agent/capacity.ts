// How many conversations an agent may be given at a time, as it is typed.

const MOST = 1_000;

/** Null for nothing, which leaves it to the settings; undefined for what is no such number. */
export function readCapacity(typed: string): number | null | undefined {
  const text = typed.trim();
  if (text === '') return null;
  if (!/^\d{1,4}$/.test(text) || Number(text) > MOST) return undefined;
  return Number(text);
}
