import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { AccessRequest, ClientCertificate } from '@purser/core';
import { forwardedAddress, peerIp } from './client-claims.ts';
import { forwardedOrigin, isHost } from './forwarded.ts';
import { requestedHost } from './requested-host.ts';

/** The parts of a request that an access controller may want. */
export function accessRequestOf(request: IncomingMessage): AccessRequest {
  const { headers, socket } = request;
  const { scheme } = forwardedOrigin({ 'x-forwarded-proto': headers['x-forwarded-proto'] });
  const host = requestedHost(request);
  return {
    authorization: headers.authorization,
    headers,
    host: host !== undefined && isHost(host) ? host : undefined,
    forwardedScheme: scheme,
    address: peerIp(socket) || undefined,
    forwardedAddress: forwardedAddress(request),
    // Few controllers want it, and parsing a certificate for each request costs more than most answers.
    get clientCertificate() {
      return clientCertificateOf(socket);
    },
  };
}

function clientCertificateOf(socket: IncomingMessage['socket']): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate && { certificate, isVerified: socket.authorized };
}
