import { ServerResponse, type IncomingMessage, type OutgoingHttpHeader } from 'node:http';
import { PROTECTIVE_HEADERS } from '@purser/http-api';
import { requestIdOf } from '../../observe/request-id.ts';

/** Any answer whose headers are not sent yet, of HTTP/1.1 or HTTP/2. */
interface UnsentAnswer {
  readonly headersSent: boolean;
  readonly req: Parameters<typeof requestIdOf>[0];
  hasHeader(name: string): boolean;
  setHeader(name: string, value: string): unknown;
}

/**
 * Adds the id of the request, and the protective headers that an answer has no value for. Call it immediately before the
 * headers are sent.
 */
export function protect(answer: UnsentAnswer): void {
  if (answer.headersSent) return;
  answer.setHeader('X-Request-Id', requestIdOf(answer.req));
  for (const [name, value] of Object.entries(PROTECTIVE_HEADERS)) {
    if (!answer.hasHeader(name)) answer.setHeader(name, value);
  }
}

/**
 * An answer of HTTP/1.1 that always carries the id of its request and the protective headers. A class of answers covers those that Node.js gives by itself,
 * such as 417, and those of Koa, which removes all headers from a failed answer.
 */
export class ProtectedResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  // Node.js sends headers by this method alone, also when nobody calls it.
  override writeHead(status: number, ...rest: readonly unknown[]): this {
    protect(this);
    return super.writeHead(status, ...(rest as [string, OutgoingHttpHeader[]]));
  }
}
