// What a browser is, by how it calls itself, in words that a person knows. A guess for the eye
// only; nothing depends on it.

export interface Device {
  readonly browser: string | null;
  readonly system: string | null;
}

// The first that fits: browsers name those that they descend from as well.
const BROWSERS: readonly [RegExp, string][] = [
  [/\bMicroMessenger\//, 'WeChat'],
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\b(OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|HeadlessChrome|Chromium)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.*\bSafari\//, 'Safari'],
];

const SYSTEMS: readonly [RegExp, string][] = [
  [/\b(iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\b(Macintosh|Mac OS X)\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

export function deviceOf(userAgent: string): Device {
  return {
    browser: first(BROWSERS, userAgent)?.[1] ?? null,
    system: first(SYSTEMS, userAgent)?.[1] ?? null,
  };
}

function first(known: readonly [RegExp, string][], userAgent: string) {
  return known.find(([pattern]) => pattern.test(userAgent));
}

/** "Firefox 140 · Linux", for who has to find out why a page fails there. */
export function browserName(userAgent: string | null): string | null {
  const name = deviceName(userAgent);
  const known = userAgent === null ? undefined : first(BROWSERS, userAgent);
  if (name === null || userAgent === null || known === undefined) return name;
  const [pattern, browser] = known;
  // Where the pattern begins, after the name, is the number: "Firefox/140.0", "Version/18.1".
  const version = /^[A-Za-z]+\/(\d+)/.exec(userAgent.slice(userAgent.search(pattern)))?.[1];
  return version === undefined ? name : name.replace(browser, `${browser} ${version}`);
}

/** "Firefox · Linux"; a program that is no browser by its own first word. */
export function deviceName(userAgent: string | null): string | null {
  if (userAgent === null) return null;
  const { browser, system } = deviceOf(userAgent);
  const known = [browser, system].filter(part => part !== null);
  return known.length > 0 ? known.join(' · ') : (userAgent.split(/[\s/]/)[0] ?? null) || null;
}
