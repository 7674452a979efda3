import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { DEFAULT_CIPHER_SUITES, openSslCiphers } from '../../config/cipher-suites.ts';
import type { Config } from '../../config/schema.ts';
import { StartError } from '../start-error.ts';
import { usable } from '../usable.ts';

export type TlsConfig = NonNullable<Config['http']['tls']>;

/** What a server proves itself with, and what it takes from clients, ready for use. */
export interface Certificates {
  /** How it is used. */
  readonly options: SecureContextOptions;
  /** The certificate of the server. */
  readonly own: X509Certificate;
  /** The same for the same content of all files. */
  readonly fingerprint: string;
}

/**
 * Reads the files that the section names.
 *
 * @throws StartError when one is missing, is no PEM, or does not fit the others.
 */
export async function readCertificates(config: TlsConfig): Promise<Certificates> {
  const { certificate, key, clientcas, minimumtls, ciphersuites } = config;
  const cert = await read('http.tls.certificate', certificate);
  const own = await usable('http.tls.certificate', certificate, async () => parseOwn(cert));
  const privateKey = await read('http.tls.key', key);
  await usable('http.tls.key', key, async () => checkKey(privateKey, own));
  const ca = await Promise.all(clientcas.map(readAuthorities));
  const options: SecureContextOptions = {
    cert,
    key: privateKey,
    ...(ca.length > 0 ? { ca } : {}),
    minVersion: minimumtls === 'tls1.3' ? 'TLSv1.3' : 'TLSv1.2',
    ciphers: openSslCiphers(ciphersuites.length > 0 ? ciphersuites : DEFAULT_CIPHER_SUITES),
    honorCipherOrder: true,
  };
  await usable('http.tls.certificate', certificate, async () => createSecureContext(options));
  const hash = createHash('sha256').update(JSON.stringify(options));
  return { options, own, fingerprint: hash.digest('base64') };
}

function read(key: string, path: string): Promise<string> {
  return usable(key, path, () => readFile(path, 'utf8'));
}

function parseOwn(pem: string): X509Certificate {
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new Error('there is no certificate in it');
  return new X509Certificate(pem);
}

function checkKey(pem: string, own: X509Certificate): void {
  if (/ENCRYPTED/.test(pem)) {
    throw new Error(
      'the key is encrypted, and nobody is there to type its passphrase; openssl pkey -in KEY -out FILE writes it without one',
    );
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) throw new Error('there is no key in it');
  if (own.checkPrivateKey(createPrivateKey(pem))) return;
  throw new Error(
    'the key does not fit the certificate; the certificate of the server comes first in its file',
  );
}

function readAuthorities(path: string): Promise<string> {
  return usable('http.tls.clientcas', path, async () => {
    const pem = await readFile(path, 'utf8');
    const found = pem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
    if (found.length === 0) throw new Error('there is no certificate in it');
    for (const one of found) new X509Certificate(one);
    return pem;
  });
}

const DAY_MS = 86_400_000;
const WARNING_MS = 7 * DAY_MS;

/** What an operator has to know about how long a certificate lasts; `undefined` while there is time. */
export function validityWarning(own: X509Certificate, now: number): string | undefined {
  const { validFromDate, validToDate } = own;
  if (now < validFromDate.getTime()) {
    return `the certificate is not valid before ${validFromDate.toISOString()}`;
  }
  const left = validToDate.getTime() - now;
  if (left < 0) return `the certificate has expired at ${validToDate.toISOString()}`;
  // Some last for a day, and are renewed twice in it.
  const lifetime = validToDate.getTime() - validFromDate.getTime();
  if (left > Math.min(WARNING_MS, lifetime / 4)) return undefined;
  return `the certificate expires at ${validToDate.toISOString()}`;
}

/** A change that takes a restart: what clients are asked for is decided when the server is made. */
export function refuseOtherClients(before: TlsConfig, after: TlsConfig | undefined): void {
  const way = 'takes a restart';
  if (after === undefined) throw new StartError(`http.tls: to stop speaking TLS ${way}`);
  const asks = ({ clientcas, clientauth }: TlsConfig) => (clientcas.length > 0 ? clientauth : '');
  if (asks(before) !== asks(after)) {
    throw new StartError(`http.tls: to ask clients for other certificates than before ${way}`);
  }
}
