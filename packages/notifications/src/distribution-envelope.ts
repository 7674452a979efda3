import type { RegistryEvent } from './event.ts';

/** The media type of distribution's envelope; its number has stayed while the event changed. */
export const DISTRIBUTION_EVENTS = 'application/vnd.docker.distribution.events.v2+json';

/**
 * Writes an envelope of one event byte for byte as Go's `json.MarshalIndent` with three spaces does.
 *
 * @see distribution, notifications/http.go.
 */
export function encodeDistributionEnvelope(event: RegistryEvent): string {
  return JSON.stringify({ events: [event] }, null, 3).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
