import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { RegistryError } from '@purser/core';

/** Hides positions of a listing in texts that clients send back. */
export interface PositionSeal {
  seal(position: string): string;
  /**
   * The position of a sealed text; any other text is its own position.
   *
   * @throws RegistryError `PARAMETER_INVALID` for a text that was sealed with another secret or altered.
   */
  open(text: string): string;
}

/** No repository name begins with it. */
const MARK = '~';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** All sealed texts have one length, which tells nothing of the name. A name has at most 255 characters. */
const PADDED_LENGTH = 256;

/** @param secret The same for all servers that clients reach by one address. Default: a random one. */
export function createPositionSeal(secret?: string): PositionSeal {
  const material = secret ?? randomBytes(KEY_BYTES);
  const key = Buffer.from(hkdfSync('sha256', material, '', 'purser catalog position', KEY_BYTES));
  return {
    seal(position) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce);
      const sealed = cipher.update(position.padEnd(PADDED_LENGTH, '\0'));
      const parts = [nonce, sealed, cipher.final(), cipher.getAuthTag()];
      return MARK + Buffer.concat(parts).toString('base64url');
    },
    open: (text) => (text.startsWith(MARK) ? openSealed(text.slice(MARK.length), key) : text),
  };
}

function openSealed(text: string, key: Buffer): string {
  const bytes = Buffer.from(text, 'base64url');
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const position = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([position, decipher.final()]).toString().replaceAll('\0', '');
  } catch (cause) {
    const message =
      'last is a position that this server did not give: start the listing again, without last';
    throw new RegistryError('PARAMETER_INVALID', { message, cause });
  }
}
