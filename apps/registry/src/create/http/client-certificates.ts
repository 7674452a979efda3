import type { Server } from 'node:http';
import type { TLSSocket, TlsOptions } from 'node:tls';
import type { TlsConfig } from './certificates.ts';
import { takeOver } from './take-over.ts';

type ClientAuth = TlsConfig['clientauth'];

/** @see crypto/tls of Go, `ClientAuthType`. */
const IS_TAKEN: Readonly<Record<ClientAuth, (socket: TLSSocket) => boolean>> = {
  'request-client-cert': () => true,
  'require-any-client-cert': (socket) => hasCertificate(socket),
  'verify-client-cert-if-given': (socket) => socket.authorized || !hasCertificate(socket),
  'require-and-verify-client-cert': ({ authorized }) => authorized,
};

/** What a server has to ask of clients; nothing without certificates that could have signed theirs. */
export function clientOptions({ clientcas, clientauth }: TlsConfig): TlsOptions {
  if (clientcas.length === 0) return { requestCert: false };
  const isRejected = clientauth === 'require-and-verify-client-cert';
  return { requestCert: true, rejectUnauthorized: isRejected };
}

/**
 * Ends connections of clients whose certificates are not taken, before any request of theirs is read. To be asked for last:
 * what takes connections over after it would have them before it.
 */
export function checkClients(server: Server, { clientcas, clientauth }: TlsConfig): void {
  if (clientcas.length === 0) return;
  takeOver(server, (socket, serve) => {
    if (IS_TAKEN[clientauth](socket as TLSSocket)) serve(socket);
    else socket.destroy();
  });
}

function hasCertificate(socket: TLSSocket): boolean {
  return socket.getPeerX509Certificate() !== undefined;
}
