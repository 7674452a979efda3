/**
 * Speaks to a remote registry, as a Registry; authentication; copy.
 *
 * @packageDocumentation
 */
export type { Credentials, CredentialsOptions, Keychain } from './credentials/credentials.ts';
export { createTransport, type CreateTransportOptions } from './transport/create-transport.ts';
export type { TransportObserver, TransportReport } from './transport/observer.ts';
export {
  RegistryClientError,
  type RegistryClientErrorOptions,
} from './transport/registry-client-error.ts';
export type { Scope } from './transport/scope.ts';
export type {
  RequestBody,
  ResponseHeaders,
  RetryOptions,
  TlsOptions,
  Transport,
  TransportOptions,
  TransportRequest,
  TransportResponse,
} from './transport/transport.ts';
