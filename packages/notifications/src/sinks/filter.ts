import type { Endpoint } from '../endpoint.ts';
import type { Notification } from '../event.ts';
import type { Sink } from './sink.ts';

/** Whether an endpoint wants to hear of something. @see distribution, notifications/sinks.go, `ignoredSink`. */
export function isWanted(endpoint: Endpoint, { event }: Notification): boolean {
  const { ignoredActions, ignoredMediaTypes } = endpoint;
  return !ignoredActions.has(event.action) && !ignoredMediaTypes.has(event.target.mediaType);
}

/** Passes on only what the endpoint wants to hear of. */
export function filterSink(sink: Sink, endpoint: Endpoint): Sink {
  return {
    async write(notification, options) {
      if (isWanted(endpoint, notification)) await sink.write(notification, options);
    },
  };
}
