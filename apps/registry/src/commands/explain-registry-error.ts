import type { ErrorCode, RegistryError } from '@purser/core';

/** What someone may do about a failure. A code that says it all has none. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  DENIED: 'the account may not do this: log in with another, or ask for the right',
  TOOMANYREQUESTS: 'try again later, or log in: many registries allow more to those they know',
  UNAUTHORIZED: 'log in with purser login <registry>, or give credentials as user:password',
  UNAVAILABLE:
    'is the registry there? One without TLS needs --insecure, a certificate of its own --ca',
};

/** One line for a failure of a registry or a layout, with a way out where there is one. */
export function explainRegistryError(error: RegistryError): string {
  const advice = ADVICE[error.code];
  return `purser: ${error.message}${advice ? ` (${advice})` : ''}`;
}
