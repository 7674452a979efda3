import type { ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import { describeError } from '../../observe/describe-error.ts';
import type { Logger } from '../../observe/logger.ts';
import { readCertificates, type TlsConfig } from './certificates.ts';
import { clientOptions } from './client-certificates.ts';
import { FollowedCertificates } from './followed-certificates.ts';
import { refuseClear } from './refuse-clear.ts';

export interface TlsServer {
  readonly http: Server;
  readonly followed: FollowedCertificates;
}

export interface TlsServerOptions {
  readonly config: TlsConfig;
  /** Whether clients are offered HTTP/2. */
  readonly offersHttp2: boolean;
  /** How HTTP/1.1 is spoken. A handshake may take as long as the headers of a request. */
  readonly http1: ServerOptions & { readonly headersTimeout: number };
}

/** @throws StartError when the certificates cannot be used. */
export async function createTlsServer(
  { config, offersHttp2, http1 }: TlsServerOptions,
  logger: Logger,
): Promise<TlsServer> {
  const { clientcas, ciphersuites, minimumtls } = config;
  if (minimumtls === 'tls1.3' && ciphersuites.length > 0) {
    logger.warn('http.tls.ciphersuites is without effect: those of TLS 1.3 cannot be chosen');
  }
  const current = await readCertificates(config);
  const http = createServer({
    ...http1,
    ...current.options,
    ...clientOptions(config),
    ALPNProtocols: offersHttp2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    handshakeTimeout: http1.headersTimeout,
  });
  refuseClear(http);
  http.prependListener('tlsClientError', (error, socket) => {
    const { remoteAddress: address, authorizationError } = socket;
    const reason = authorizationError ?? undefined;
    logger.debug('TLS handshake failed', { ...describeError(error), address, reason });
    // Who answers what is no request of HTTP must not try to.
    socket.destroy();
  });
  if (clientcas.length > 0) logger.info(`clients are asked for certificates: ${config.clientauth}`);
  return { http, followed: new FollowedCertificates(http, config, { current, logger }) };
}
