import { execFile } from 'node:child_process';
import {
  createHash,
  createPrivateKey,
  randomUUID,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type Algorithm = 'RS256' | 'ES256';

/** A key that signs tokens, and its certificate, made with openssl. */
export interface TokenKey {
  readonly algorithm: Algorithm;
  readonly privateKey: KeyObject;
  readonly certificate: X509Certificate;
  /** The PEM file of the certificate. */
  readonly certificatePath: string;
}

const KINDS = {
  RS256: ['rsa:2048'],
  ES256: ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
} as const;

export async function createTokenKey(folder: string, algorithm: Algorithm): Promise<TokenKey> {
  const name = join(folder, randomUUID());
  const [keyPath, certificatePath] = [`${name}.key`, `${name}.pem`];
  const where = ['-nodes', '-keyout', keyPath, '-out', certificatePath, '-subj', '/CN=tokens'];
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', ...KINDS[algorithm], ...where]);
  return {
    algorithm,
    privateKey: createPrivateKey(await readFile(keyPath)),
    certificate: new X509Certificate(await readFile(certificatePath)),
    certificatePath,
  };
}

/** How a token names the key that signed it. */
export type Naming = 'x5c' | 'kid' | 'libtrust';

export interface TokenServerOptions {
  readonly service: string;
  readonly issuer: string;
  readonly user: string;
  readonly password: string;
}

/** Issues a token for whatever a user asks, and publishes its keys. */
export class TokenServer implements AsyncDisposable {
  readonly #options: TokenServerOptions;
  readonly #server: Server;
  key: TokenKey;
  naming: Naming = 'kid';
  /** Scopes that were asked for. */
  readonly scopes: string[] = [];

  private constructor(options: TokenServerOptions, key: TokenKey) {
    this.#options = options;
    this.key = key;
    this.#server = createServer((request, response) => {
      const { status, body } = this.#answer(request);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  }

  static async start(options: TokenServerOptions, key: TokenKey): Promise<TokenServer> {
    const server = new TokenServer(options, key);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  issue(access: readonly object[], changed: object = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const { issuer: iss, service: aud, user: sub } = this.#options;
    const jti = randomUUID();
    const claims = {
      iss,
      sub,
      aud,
      exp: now + 300,
      nbf: now - 10,
      iat: now,
      jti,
      access,
      ...changed,
    };
    const { algorithm, privateKey } = this.key;
    const header = { typ: 'JWT', alg: algorithm, ...this.#name() };
    const content = `${encode(header)}.${encode(claims)}`;
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #name(): object {
    const { certificate } = this.key;
    if (this.naming === 'x5c') return { x5c: [certificate.raw.toString('base64')] };
    return { kid: this.naming === 'kid' ? keyIdOf(certificate) : libtrustIdOf(certificate) };
  }

  #answer(request: IncomingMessage): { readonly status: number; readonly body: object } {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    if (pathname === '/jwks') return { status: 200, body: this.#jwks() };
    const { user, password } = this.#options;
    const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    if (request.headers.authorization !== expected) return { status: 401, body: {} };
    const scopes = searchParams.getAll('scope').flatMap((scope) => scope.split(' '));
    this.scopes.push(...scopes);
    return { status: 200, body: { token: this.issue(scopes.filter(Boolean).map(readScope)) } };
  }

  #jwks() {
    const { certificate } = this.key;
    const jwk = certificate.publicKey.export({ format: 'jwk' });
    return { keys: [{ ...jwk, kid: keyIdOf(certificate), use: 'sig' }] };
  }
}

function readScope(scope: string) {
  const [, type, name, actions = ''] = /^([^:]+):(.+):([^:]+)$/.exec(scope) ?? [];
  return { type, name, actions: actions.split(',') };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A name of the server's own choice. */
function keyIdOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').slice(0, 16).toLowerCase();
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The name by which distribution 2 knows the key of a certificate. */
function libtrustIdOf({ publicKey }: X509Certificate): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  let bits = BigInt(`0x${createHash('sha256').update(der).digest('hex').slice(0, 60)}`);
  let letters = '';
  for (let count = 0; count < 48; count++) {
    letters = BASE32[Number(bits & 31n)] + letters;
    bits >>= 5n;
  }
  return letters.replace(/(.{4})(?=.)/g, '$1:');
}
