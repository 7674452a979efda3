import { createHmac } from 'node:crypto';

export const SIGNATURE_HEADER = 'X-Purser-Signature';
export const TIMESTAMP_HEADER = 'X-Purser-Timestamp';

/**
 * The headers by which a receiver tells that a body is from who knows the secret, and is not an old one sent again:
 * `X-Purser-Timestamp`, in seconds since 1970, and `X-Purser-Signature`, which is `sha256=` and the hex digits of the
 * HMAC-SHA256 of the timestamp, a dot and the body.
 *
 * @param now Milliseconds since 1970.
 */
export function signatureHeaders(secret: string, body: string, now: number): [string, string][] {
  const timestamp = String(Math.floor(now / 1000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return [
    [TIMESTAMP_HEADER, timestamp],
    [SIGNATURE_HEADER, `sha256=${signature}`],
  ];
}
