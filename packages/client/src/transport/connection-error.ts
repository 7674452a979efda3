import { RegistryClientError } from './registry-client-error.ts';

/** Errors of certificates and of what is no TLS at all: a retry does not help. */
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO$)/;

/** Errors of connections that the same request may not meet again. */
const TRANSIENT_CODE =
  /^(E(CONN\w+|PIPE|AI_AGAIN|HOSTUNREACH|HOSTDOWN|NETUNREACH|NETDOWN|TIMEDOUT)|UND_ERR_\w+|HPE_INVALID_EOF_STATE)$/;

/** Errors before anything was sent. */
const UNREACHABLE_CODE =
  /^(E(CONNREFUSED|AI_AGAIN|NOTFOUND|HOSTUNREACH|HOSTDOWN|NETUNREACH|NETDOWN|TIMEDOUT)|UND_ERR_CONNECT_TIMEOUT)$/;

const CLOSED_CODES: ReadonlySet<string> = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

/**
 * What the failure of a connection means. What is none stays as it is.
 *
 * @param address What was asked, as it may be told.
 */
export function connectionError(error: unknown, address: string): Error {
  if (!(error instanceof Error)) return new Error('unknown failure', { cause: error });
  if (RegistryClientError.is(error)) return error;
  const code = codeOf(error);
  if (code === undefined || code.startsWith('ABORT_')) return error;
  if (code === 'UND_ERR_INVALID_ARG') {
    return new TypeError(`the request to ${address} cannot be sent: ${error.message}`);
  }
  const cause = tellable(error, code);
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    const message = `the headers of the answer of ${address} are too long`;
    return new RegistryClientError('RESPONSE_INVALID', { message, cause });
  }
  if (code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE') {
    const message = `${address} answers what is not HTTP: ${error.message}`;
    return new RegistryClientError('RESPONSE_INVALID', { message, cause });
  }
  return unavailable({ code, address, cause });
}

function unavailable({ code, address, cause }: { code: string; address: string; cause: Error }) {
  const isTls = TLS_CODE.test(code);
  const retryable = !isTls && !CLOSED_CODES.has(code) && TRANSIENT_CODE.test(code);
  return new RegistryClientError('UNAVAILABLE', {
    message: `${failureOf(code)} ${address}: ${reasonOf(cause.message) || code}`,
    cause,
    retryable,
  });
}

/** The reason in a message of OpenSSL, which is otherwise an address, a function, a file and a line. */
function reasonOf(message: string): string {
  return /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(message)?.[1] ?? message;
}

function failureOf(code: string): string {
  if (TLS_CODE.test(code)) return 'no TLS connection to';
  return UNREACHABLE_CODE.test(code) ? 'cannot reach' : 'incomplete answer from';
}

/** The code by which the error is known, or that of what it was caused by. */
function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  if (error.name === 'HTTPParserError') return 'HPE_UNKNOWN';
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return first instanceof Error && first !== error ? codeOf(first) : undefined;
}

/** The error without what it may hold of requests and answers. */
function tellable(error: Error, code: string): Error {
  const { name, message } = error;
  return Object.assign(new Error(message), { name, code });
}
