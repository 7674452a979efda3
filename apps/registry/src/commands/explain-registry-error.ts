import { RegistryClientError } from '@purser/client';
import type { ErrorCode, RegistryError } from '@purser/core';

/** Advice by code. An error that says enough has none. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  DENIED: 'the account may not do this: log in with another, or ask for the right',
  NAME_UNKNOWN:
    'list the repositories with purser ls <registry>; a private one may need purser login <registry>',
  ROUTE_UNKNOWN: 'is this the address of a registry? It answers below /v2/',
  TOOMANYREQUESTS: 'retry later, or log in: many registries allow more to their users',
  UNAUTHORIZED:
    'log in with purser login <registry>, or give --creds user:password; if you did, they were refused',
};

/** Advice by the code of the connection's failure. */
const CONNECTION_ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^(EPROTO|ERR_SSL_)/,
    'the server speaks no TLS: write http:// before the registry, or use --insecure',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'its certificate is for another name: use that name, or --insecure',
  ],
  [
    /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
    'its certificate must be renewed; --insecure accepts it',
  ],
  [
    /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/,
    'trust the authority of its certificate with --ca <file>, or accept any with --insecure',
  ],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'is the name of the registry right?'],
];

const UNREACHABLE = 'is the registry there, and is its port right?';

const FAILING = 'the registry, or a proxy in front of it, fails: retry later';

/** Returns one line for a failure of a registry or a layout, with advice if there is any. */
export function explainRegistryError(error: RegistryError): string {
  const advice = error.code === 'UNAVAILABLE' ? connectionAdvice(error) : ADVICE[error.code];
  return `purser: ${error.message}${advice ? ` (${advice})` : ''}`;
}

function connectionAdvice(error: RegistryError): string {
  if (RegistryClientError.is(error) && error.status !== undefined) return FAILING;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return CONNECTION_ADVICE.find(([pattern]) => pattern.test(code))?.[1] ?? UNREACHABLE;
}
