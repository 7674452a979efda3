import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import type { RegistryError } from '@purser/core';
import { renderedError } from '@purser/http-api';
import { requestIdOf } from '../../../observe/request-id.ts';
import { streamOf } from '../counted-http2.ts';

/**
 * Answers in place of who is busy with the request, and ends both: the rest of the request is not waited for, and who
 * reads it finds it broken off.
 */
export function answerDirectly(
  request: IncomingMessage,
  response: ServerResponse,
  error: RegistryError,
): void {
  const { status, headers, body } = renderedError(error, requestIdOf(request));
  const stream = streamOf(request);
  response.writeHead(status, {
    ...headers,
    'Docker-Distribution-Api-Version': 'registry/2.0',
    'Content-Length': Buffer.byteLength(body),
    ...(stream === undefined && { Connection: 'close' }),
  });
  // Once it is answered, Node.js would leave a reader of the request waiting for ever.
  const endRequest = () => void request.destroy();
  // By then the connection lingers.
  if (stream === undefined) return void response.once('finish', endRequest).end(body);
  response.end(body, () => {
    // The client is told to send no more: RFC 9113, section 8.1.
    stream.close(constants.NGHTTP2_NO_ERROR);
    endRequest();
  });
}
