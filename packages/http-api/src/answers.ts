import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { ENCRYPTED_PIECE, isEncrypted } from './encryption.ts';

/** Answers without a body. */
export function answerEmpty(context: Context, status: number): void {
  context.body = null;
  context.status = status;
}

/** Answers 200 with a JSON document and the line break that ends it. */
export function answerJson(context: Context, document: unknown): void {
  context.set('Content-Type', 'application/json');
  answerBytes(context, Buffer.from(`${JSON.stringify(document)}\n`));
}

/** Answers with bytes, which are shared and not changed. Over TLS a slow client makes the server encrypt only what it takes. */
export function answerBytes(context: Context, bytes: Buffer): void {
  if (
    bytes.byteLength <= ENCRYPTED_PIECE ||
    context.method === 'HEAD' ||
    !isEncrypted(context.res)
  ) {
    context.body = bytes;
    return;
  }
  const type = context.response.get('Content-Type');
  context.body = Readable.from(piecesOf(bytes), {
    objectMode: false,
    highWaterMark: ENCRYPTED_PIECE,
  });
  context.set('Content-Type', type);
  context.length = bytes.byteLength;
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.byteLength; start += ENCRYPTED_PIECE) {
    yield bytes.subarray(start, start + ENCRYPTED_PIECE);
  }
}
