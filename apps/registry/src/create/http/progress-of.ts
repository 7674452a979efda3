import type { IncomingMessage, ServerResponse } from 'node:http';
import { CountedRequest, streamOf, type CountedResponse } from './counted-http2.ts';

/** Whose turn it is in a request and its answer, and how much has gone over the line in that direction. */
export interface Progress {
  /** What the client has to do before we can go on; `ours` when it waits for us. */
  readonly turn: 'sending' | 'taking' | 'ours';
  /** Bytes, since when does not matter. Of HTTP/1.1 those of the connection, of HTTP/2 those of the stream. */
  readonly bytes: number;
}

const OURS: Progress = { turn: 'ours', bytes: 0 };

export function progressOf(request: IncomingMessage, response: ServerResponse): Progress {
  // The compatibility layer of Node.js stands in for both.
  const either: object = request;
  if (either instanceof CountedRequest) {
    return progressOfStream(either, response as unknown as CountedResponse);
  }
  const { socket } = request;
  // What has come and is not taken waits for us.
  if (!request.complete && request.readableLength === 0) {
    return { turn: 'sending', bytes: socket.bytesRead };
  }
  if (response.headersSent && socket.writableLength > 0) {
    return { turn: 'taking', bytes: socket.bytesWritten - socket.writableLength };
  }
  return OURS;
}

function progressOfStream(request: CountedRequest, response: CountedResponse): Progress {
  const { stream, received } = request;
  if (!hasArrived(request) && request.readableLength + stream.readableLength === 0) {
    return { turn: 'sending', bytes: received };
  }
  if (response.headersSent && stream.writableLength > 0) {
    return { turn: 'taking', bytes: response.written - stream.writableLength };
  }
  return OURS;
}

/** Whether all of a request has come, read or not; or never will. */
export function hasArrived(request: IncomingMessage | CountedRequest): boolean {
  const stream = streamOf(request);
  if (stream === undefined) return request.complete || request.destroyed;
  return stream.endAfterHeaders || stream.destroyed || stream.state.remoteClose === 1;
}
