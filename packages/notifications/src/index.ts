/**
 * Tells endpoints what was pushed, pulled, mounted or deleted in the repositories of a registry.
 *
 * ```ts
 * import { parseRepositoryName } from '@purser/core';
 * import { createMemoryRegistry } from '@purser/core/testing';
 * import { createNotifier } from '@purser/notifications';
 *
 * const notifier = createNotifier({
 *   endpoints: [{ name: 'ci', url: 'https://ci.example/events' }],
 *   source: { addr: 'registry.example:5000' },
 *   outbox: { directory: '/var/lib/purser/outbox' },
 * });
 * await notifier.start();
 *
 * const facts = { method: 'PUT', host: 'registry.example', address: '192.0.2.7', userAgent: 'docker' };
 * const repository = createMemoryRegistry().repository(parseRepositoryName('library/hello'));
 * await notifier.observe(repository, facts, 'alice').blobs.put(Buffer.from('hello'));
 * await notifier.close();
 * ```
 *
 * @packageDocumentation
 */
export { systemClock, type Clock } from './clock.ts';
export { CLOUD_EVENT, encodeCloudEvent } from './cloud-event.ts';
export { DISTRIBUTION_EVENTS, encodeDistributionEnvelope } from './distribution-envelope.ts';
export { type DeadLetterOptions, type EndpointOptions } from './endpoint.ts';
export {
  DELIVERY_ERROR_MESSAGES,
  DeliveryError,
  OUTBOX_ERROR_MESSAGES,
  OutboxError,
  type DeliveryErrorCode,
  type OutboxErrorCode,
} from './errors.ts';
export type { RequestFacts } from './event-factory.ts';
export type {
  ActorRecord,
  EventAction,
  EventTarget,
  Notification,
  RegistryEvent,
  RequestRecord,
  SourceRecord,
} from './event.ts';
export type {
  BlobOccurrence,
  ManifestOccurrence,
  Occurrence,
  RepositoryListener,
  RepositoryOccurrence,
  TagOccurrence,
} from './listener.ts';
export {
  createNotifier,
  type CloseOptions,
  type EndpointStatus,
  type Notifier,
  type NotifierOptions,
} from './notifier.ts';
export { observeRepository, type ObserveOptions } from './observe-repository.ts';
export type { DropReason, NotifierObserver, NotifierReport } from './observer.ts';
export { redeliverDeadLetters, type RedeliverOptions } from './outbox/dead-letters.ts';
export type { OutboxOptions } from './outbox/outbox.ts';
export { SIGNATURE_HEADER, signatureHeaders, TIMESTAMP_HEADER } from './signature.ts';
export type { Fetch } from './sinks/http.ts';
export type { MemoryBounds } from './sinks/queue.ts';
export type { FileSystem } from './outbox/file-system.ts';
