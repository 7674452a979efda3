import type { Access, AccessController, Caller } from '@purser/core';
import { checkText, formatChallenge } from './challenge.ts';

export interface SillyOptions {
  /** Printable ASCII characters. */
  readonly realm: string;
  /** Printable ASCII characters. */
  readonly service: string;
}

/**
 * Takes any `Authorization` for that of the user `silly`, who may do everything. It is for tests of clients alone.
 *
 * @throws TypeError when an option could not stand in a header.
 * @see distribution, `auth.silly`.
 */
export function createSillyController(options: SillyOptions): AccessController {
  const realm = checkText('realm', options.realm);
  const service = checkText('service', options.service);
  const stranger: Caller = {
    refusalOf: (wanted) => ({
      kind: 'unauthorized',
      challenges: [formatChallenge('Bearer', { realm, service, scope: scopeOf(wanted) })],
    }),
  };
  return {
    identify: async ({ authorization }) => (authorization ? SILLY : stranger),
  };
}

const SILLY: Caller = { user: 'silly', refusalOf: () => undefined };

/** One entry for each access, ungrouped. */
function scopeOf(wanted: readonly Access[]): string | undefined {
  if (wanted.length === 0) return undefined;
  return wanted.map(({ type, name, action }) => `${type}:${name}:${action}`).join(' ');
}
