// Reading what may be anything.

export type Json = Readonly<Record<string, unknown>>;

export function object(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : null;
}

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const textOrNull = (value: unknown): string | null =>
  typeof value === 'string' ? value : null;
export const count = (value: unknown, otherwise = 0): number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : otherwise;
