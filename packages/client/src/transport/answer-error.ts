import { ERROR_MESSAGES, isObject, type ErrorCode } from '@purser/core';
import { displayText, displayUrl, withoutSecrets } from './display.ts';
import { readAtMost } from './read-body.ts';
import { RegistryClientError } from './registry-client-error.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { ResponseHeaders, TransportResponse } from './transport.ts';

export interface AnswerErrorOptions {
  readonly method: string;
  readonly codes?: Readonly<Record<number, ErrorCode>> | undefined;
  /** What must not be told, though the server may repeat it. */
  readonly secrets?: readonly string[] | undefined;
  /** How long the explanation of the server is waited for, in milliseconds. */
  readonly withinMs: number;
}

interface Explanation {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly detail: unknown;
}

const LONGEST_BODY = 64 * 1024;
const LONGEST_MESSAGE = 500;
const LONGEST_DETAIL = 4096;
const MOST_ERRORS = 10;

/** Statuses that say more than any body does. */
const DECISIVE: Readonly<Record<number, ErrorCode>> = {
  401: 'UNAUTHORIZED',
  403: 'DENIED',
  408: 'UNAVAILABLE',
  412: 'PRECONDITION_FAILED',
  425: 'UNAVAILABLE',
  429: 'TOOMANYREQUESTS',
  501: 'UNSUPPORTED',
  507: 'STORAGE_FULL',
};

/** What a status means when the body does not say it. */
const PLAIN: Readonly<Record<number, ErrorCode>> = {
  404: 'ROUTE_UNKNOWN',
  405: 'UNSUPPORTED',
  413: 'REQUEST_TOO_LONG',
  414: 'REQUEST_TOO_LONG',
  416: 'RANGE_UNSATISFIABLE',
  431: 'REQUEST_TOO_LONG',
};

/** Codes that are about the client, and that a registry cannot mean. */
const NOT_SPOKEN: ReadonlySet<string> = new Set(['RESPONSE_INVALID', 'UNKNOWN', 'UNAVAILABLE']);

const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

const REQUEST_ID_HEADERS = [
  'x-request-id',
  'docker-request-id',
  'request-id',
  'x-ms-correlation-request-id',
  'x-amzn-requestid',
  'x-amz-request-id',
  'x-github-request-id',
  'cf-ray',
];

/** Makes an error of an answer that was not expected, and consumes as much of its body as explains it. */
export async function answerError(
  answer: TransportResponse,
  { method, codes, secrets = [], withinMs }: AnswerErrorOptions,
): Promise<RegistryClientError> {
  const { status, headers, url, body } = answer;
  // An explanation that is cut or late is none; the status says enough.
  const read = await readAtMost(body, LONGEST_BODY, withinMs).catch(() => undefined);
  const text = withoutSecrets(new TextDecoder().decode(read?.bytes), secrets);
  const [first, ...others] = parseExplanations(text);
  const code = codes?.[status] ?? codeOfStatus(status, first?.code);
  return new RegistryClientError(code, {
    message: messageOf(code, { status, asked: `${method} ${displayUrl(url)}`, secrets, first }),
    detail: first?.detail,
    status,
    requestId: requestIdOf(headers),
    retryable: RETRYABLE.has(status),
    retryAfterMs: parseRetryAfter(headers.get('retry-after')),
    related: others.map(
      ({ code: other = 'UNKNOWN', message, detail }) =>
        new RegistryClientError(other, {
          message: message || ERROR_MESSAGES[other],
          detail,
          status,
        }),
    ),
  });
}

function messageOf(
  code: ErrorCode,
  {
    status,
    asked,
    secrets,
    first,
  }: { status: number; asked: string; secrets: readonly string[]; first: Explanation | undefined },
): string {
  const meaning = ERROR_MESSAGES[code];
  const isSaid = first !== undefined && first.message !== '' && first.message !== meaning;
  const sent = secrets.length > 0 ? ' with credentials' : ' without credentials';
  const what = `${asked}${status === 401 ? sent : ''} was answered with ${status}`;
  return `${meaning}: ${what}${isSaid ? `: ${first.message}` : ''}`;
}

function codeOfStatus(status: number, said: ErrorCode | undefined): ErrorCode {
  const decisive = DECISIVE[status] ?? (status >= 500 ? 'UNAVAILABLE' : undefined);
  if (decisive !== undefined) return decisive;
  // Neither success nor failure: nobody expected it, so it breaks the API.
  if (status < 400) return 'RESPONSE_INVALID';
  return said ?? PLAIN[status] ?? 'UNKNOWN';
}

/** @see OCI distribution-spec, "Error Codes". */
function parseExplanations(text: string): readonly Explanation[] {
  const document = parseJson(text);
  if (document === undefined) return text === '' ? [] : [plainExplanation(text)];
  if (!isObject(document)) return [];
  const { errors, details, message } = document;
  if (Array.isArray(errors)) return errors.slice(0, MOST_ERRORS).flatMap(explanationOf);
  // Gateways and token servers have their own forms.
  const said = [details, message, document['error_description'], document['error']];
  const found = said.find((each) => typeof each === 'string');
  return found === undefined ? [] : [plainExplanation(found as string)];
}

function explanationOf(error: unknown): readonly Explanation[] {
  if (!isObject(error)) return [];
  const { code, message, detail } = error;
  const said = typeof message === 'string' ? message : '';
  const known = isCode(code) ? code : undefined;
  const unknown = known === undefined && typeof code === 'string' ? `${code} ` : '';
  return [
    {
      code: known,
      message: displayText(`${unknown}${said}`, LONGEST_MESSAGE),
      detail: tellable(detail),
    },
  ];
}

/** Details that are long, or nested so deep that they could not be told again, are left out. */
function tellable(detail: unknown): unknown {
  try {
    return JSON.stringify(detail ?? null).length > LONGEST_DETAIL ? undefined : detail;
  } catch {
    return undefined;
  }
}

function plainExplanation(text: string): Explanation {
  // A page for people says nothing that fits into a line.
  const message = /^\s*</.test(text) ? '' : displayText(text, LONGEST_MESSAGE);
  return { code: undefined, message, detail: undefined };
}

function isCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_MESSAGES, code) && !NOT_SPOKEN.has(code);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function requestIdOf(headers: ResponseHeaders): string | undefined {
  for (const name of REQUEST_ID_HEADERS) {
    const value = headers.get(name);
    if (value !== undefined) return displayText(value, 200);
  }
  return undefined;
}
