// The choices of an agent, as they are kept.

export interface Choices {
  readonly sound: boolean;
  /** Wanted, which the browser may yet refuse (desktop.ts). */
  readonly desktop: boolean;
  /** The sound again every half minute while somebody waits. */
  readonly repeat: boolean;
}

const DEFAULTS: Choices = { sound: true, desktop: false, repeat: true };

/** What was kept, as far as it makes sense. */
export function read(kept: string | null): Choices {
  let found: Partial<Record<keyof Choices, unknown>> = {};
  try {
    found = Object(JSON.parse(kept ?? '{}'));
  } catch {
    // Somebody else's, or half of it.
  }
  const flag = (name: keyof Choices) => {
    const value = found[name];
    return typeof value === 'boolean' ? value : DEFAULTS[name];
  };
  return { sound: flag('sound'), desktop: flag('desktop'), repeat: flag('repeat') };
}
