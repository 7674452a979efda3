import type { LogFields } from './logger.ts';

/** Longer chains are loops. */
const LONGEST_CHAIN = 10;

type ErrorFields = LogFields & {
  readonly 'err.message': string;
  readonly 'err.cause': string | undefined;
};

/** An error as fields of a log: its code, its message, the messages of what caused it, where it was thrown. */
export function describeError(error: unknown): ErrorFields {
  const [first, ...causes] = chainOf(error);
  return {
    'err.code': codeOf(first),
    'err.message': messageOf(first),
    'err.cause': causes.length === 0 ? undefined : causes.map(messageOf).join(' <- '),
    'err.stack': stackOf(causes.at(-1) ?? first),
  };
}

function chainOf(error: unknown): unknown[] {
  const chain = [error];
  while (chain.length < LONGEST_CHAIN) {
    const last = chain.at(-1);
    if (!(last instanceof Error) || last.cause === undefined) break;
    chain.push(last.cause);
  }
  return chain;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function messageOf(error: unknown): string {
  return withoutCredentials(error instanceof Error ? error.message : String(error));
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error && error.stack !== undefined
    ? withoutCredentials(error.stack)
    : undefined;
}

/** `https://user:password@host/` becomes `https://***@host/`; the other place for secrets in texts is a header's value. */
function withoutCredentials(text: string): string {
  return text
    .replace(/\/\/[^/@\s]+@/g, '//***@')
    .replace(/\b(Basic|Bearer)\s+[A-Za-z0-9+/=._~-]+/gi, '$1 ***');
}
