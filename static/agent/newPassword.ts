// The rules of a new password, as the server has them: so that nobody waits to hear of them.

export const MIN_CHARS = 8;
export const MAX_CHARS = 200;

export type PasswordProblem = 'length' | 'mismatch';

/** What is wrong with a new password, and in which field. */
export function passwordProblem(password: string, repeated: string): PasswordProblem | null {
  const chars = [...password].length;
  if (chars < MIN_CHARS || chars > MAX_CHARS) return 'length';
  return password === repeated ? null : 'mismatch';
}
