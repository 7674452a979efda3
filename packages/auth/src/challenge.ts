/** The parameters of a challenge, in the order in which they are written; those that are `undefined` are left out. */
export type ChallengeParameters = Readonly<Record<string, string | undefined>>;

/**
 * A value of `WWW-Authenticate`, in distribution's form: `Bearer realm="…",service="…"`.
 *
 * @see RFC 9110, section 11.6.1.
 */
export function formatChallenge(
  scheme: 'Basic' | 'Bearer',
  parameters: ChallengeParameters,
): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${value.replace(/["\\]/g, '\\$&')}"`],
  );
  return `${scheme} ${pairs.join(',')}`;
}

/** @throws TypeError when a value is empty, or could not stand in a header. */
export function checkText(option: string, value: string): string {
  if (/^[\x20-\x7e]+$/.test(value)) return value;
  throw new TypeError(`${option} must be printable ASCII characters, one at least`);
}

/** What follows the scheme in `Authorization`; `undefined` when it is of another scheme, or nothing follows. */
export function credentialsOf(
  scheme: 'basic' | 'bearer',
  authorization: string | undefined,
): string | undefined {
  const [, found, credentials] = /^([A-Za-z]+) +(\S+)$/.exec(authorization ?? '') ?? [];
  return found?.toLowerCase() === scheme ? credentials : undefined;
}
