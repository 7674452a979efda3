import { isObject, type JsonObject } from '@purser/core';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import type { ResponseHeaders } from '../transport/transport.ts';

/** An access token, and when it ends. */
export interface Token {
  readonly value: string;
  /** On the clock of `Date.now`: from then on it is not used any more. */
  readonly endsAt: number;
  /** Gets further tokens in place of a password. */
  readonly refreshToken: string | undefined;
}

/** @see CNCF Distribution, "Token Authentication Specification": the default, for older servers. */
const DEFAULT_LIFETIME_SECONDS = 60;
/** A token shall not end on its way: it is given up so many milliseconds before, or at three quarters of a short life. */
const SKEW_MS = 10_000;
/** Longer lives are cut. */
const LONGEST_LIFETIME_SECONDS = 24 * 60 * 60;

/** What may stand in an `Authorization` header. @see RFC 6750, section 2.1; wider, as servers are. */
const SENDABLE = /^[\x21-\x7e]{1,65536}$/;

/**
 * Reads the answer of a token server.
 *
 * @throws RegistryClientError `RESPONSE_INVALID` when there is no token in it that can be sent.
 */
export function parseToken(text: string, headers: ResponseHeaders, realm: string): Token {
  const answer = parseAnswer(text, realm);
  // The first name is that of OAuth2, and counts more where there are both.
  const value = [answer['access_token'], answer['token']].find(isSendable);
  if (value === undefined) throw invalid(`the token server ${realm} gives no token`);
  const refreshToken = answer['refresh_token'];
  return {
    value,
    endsAt: Date.now() + remainingMs(answer, headers),
    refreshToken: isSendable(refreshToken) ? refreshToken : undefined,
  };
}

/**
 * How long a token can be used from now on. Its age is taken from the clock of the server alone, which may differ from
 * that of this machine.
 */
function remainingMs(answer: JsonObject, headers: ResponseHeaders): number {
  const said = answer['expires_in'];
  const isUsable = typeof said === 'number' && said > 0;
  const lifetimeSeconds = isUsable
    ? Math.min(said, LONGEST_LIFETIME_SECONDS)
    : DEFAULT_LIFETIME_SECONDS;
  const issuedAt = answer['issued_at'];
  const ageMs =
    typeof issuedAt === 'string' ? Date.parse(headers.get('date') ?? '') - Date.parse(issuedAt) : 0;
  const restMs = lifetimeSeconds * 1000 - (ageMs > 0 ? ageMs : 0);
  return restMs - Math.min(SKEW_MS, restMs / 4);
}

function parseAnswer(text: string, realm: string): JsonObject {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    // The message of the parser would repeat what may be a token.
  }
  if (isObject(answer)) return answer;
  throw invalid(`the token server ${realm} answers what is no JSON object`);
}

function isSendable(value: unknown): value is string {
  return typeof value === 'string' && SENDABLE.test(value);
}

function invalid(message: string): RegistryClientError {
  return new RegistryClientError('RESPONSE_INVALID', { message });
}
