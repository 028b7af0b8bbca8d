// How many of something, in English.

export const some = (n: string, thing: string) => (n === '1' ? `1 ${thing}` : `${n} ${thing}s`);
