import type { ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { http2StreamOf } from './http2-stream.ts';

/** Bytes written at a time over TLS. All that is written is encrypted at once, and kept until the client takes it. */
export const ENCRYPTED_PIECE = 64 * 1024;

export function isEncrypted(response: ServerResponse): boolean {
  const stream = http2StreamOf(response);
  if (stream !== undefined) return stream.session?.encrypted === true;
  return (response.socket as TLSSocket | null)?.encrypted === true;
}
