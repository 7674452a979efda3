/** How a URL may be told: without user, query and fragment, which can be secrets. */
export function displayUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** Text of a server as one line of at most `maximumLength` characters, without what a terminal or a log would act on. */
export function displayText(text: string, maximumLength: number): string {
  // Cut first, so that the rest costs no more for a long text.
  const line = text
    .slice(0, maximumLength)
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')
    .trim();
  return text.length > maximumLength ? `${line}…` : line;
}

/** Replaces what must not be told, wherever a server repeats it. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length > 0)
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}
