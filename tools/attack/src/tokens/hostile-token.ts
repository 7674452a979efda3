import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const KEY_BITS = 3072;
/** Nearly as long as the modulus, so that each verification is as slow as a signature. */
const EXPONENT_BYTES = 376;
const CERTIFICATES = 6;

/**
 * Makes a token whose header brings its own chain of certificates. Its keys are slow to verify with.
 *
 * @param folder Where openssl writes its files.
 * @param issuer The common name of a trusted certificate, so that the chain seems to lead there.
 */
export async function makeHostileToken(folder: string, issuer: string): Promise<string> {
  const key = join(folder, 'hostile.pem');
  const exponent = `0x7${randomBytes(EXPONENT_BYTES).toString('hex').slice(0, -2)}1`;
  const options = [`rsa_keygen_bits:${KEY_BITS}`, `rsa_keygen_pubexp:${exponent}`];
  const given = options.flatMap((option) => ['-pkeyopt', option]);
  await run('openssl', ['genpkey', '-algorithm', 'RSA', ...given, '-out', key]);
  const x5c: string[] = [];
  while (x5c.length < CERTIFICATES) {
    const out = join(folder, `hostile-${x5c.length}.crt`);
    const subject = ['-subj', `/CN=${issuer}`, '-days', '30'];
    await run('openssl', ['req', '-x509', '-new', '-key', key, ...subject, '-out', out]);
    x5c.push((await readFile(out, 'utf8')).replaceAll(/-----[^-]+-----|\s/g, ''));
  }
  const parts = [JSON.stringify({ alg: 'RS256', x5c }), '{}', randomBytes(KEY_BITS / 8)];
  return parts.map((part) => Buffer.from(part).toString('base64url')).join('.');
}
