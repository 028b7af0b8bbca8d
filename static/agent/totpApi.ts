// The HTTP side of the second factor.

import { type Answer, call, field } from './api';

export interface Status {
  readonly enabled: boolean;
  readonly recoveryCodes: number;
}

export function status(): Promise<Answer<Status>> {
  return call('/me/totp', body => {
    const left = field(body, 'recovery_codes');
    return {
      enabled: field(body, 'enabled') === true,
      recoveryCodes: typeof left === 'number' ? left : 0,
    };
  });
}

export interface Begun {
  readonly secret: string;
  readonly uri: string;
}

export function begin(password: string): Promise<Answer<Begun>> {
  return call(
    '/me/totp',
    body => {
      const [secret, uri] = [field(body, 'secret'), field(body, 'uri')];
      return typeof secret === 'string' && typeof uri === 'string' ? { secret, uri } : null;
    },
    { password },
  );
}

/** The recovery codes, this once. */
export function confirm(code: string): Promise<Answer<string[]>> {
  return call(
    '/me/totp/confirm',
    body => {
      const codes = field(body, 'recovery_codes');
      return Array.isArray(codes) ? codes.filter(one => typeof one === 'string') : null;
    },
    { code },
  );
}

export function switchOff(password: string): Promise<Answer<true>> {
  return call('/me/totp/off', () => true as const, { password });
}

export function reset(account: string): Promise<Answer<true>> {
  return call(`/accounts/${encodeURIComponent(account)}/totp/off`, () => true as const, {});
}
