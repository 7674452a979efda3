import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegistryError } from '@purser/core';
import { renderedError } from '@purser/http-api';

/**
 * Answers in place of who is busy with the request, and ends both: the rest of the request is not waited for, and who
 * reads it finds it broken off.
 */
export function answerDirectly(
  request: IncomingMessage,
  response: ServerResponse,
  error: RegistryError,
): void {
  const { status, headers, body } = renderedError(error);
  response.writeHead(status, {
    ...headers,
    'Docker-Distribution-Api-Version': 'registry/2.0',
    'Content-Length': Buffer.byteLength(body),
    ...(request.httpVersionMajor === 1 && { Connection: 'close' }),
  });
  // Once it is answered, Node.js would leave a reader of the request waiting for ever.
  response.end(body, () => request.destroy());
}
