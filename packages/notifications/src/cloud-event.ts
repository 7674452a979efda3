import type { Notification, RegistryEvent } from './event.ts';

/** The media type of an event in the structured mode of CloudEvents. */
export const CLOUD_EVENT = 'application/cloudevents+json';

/**
 * Writes an event as a CloudEvent, with the whole of it as its data.
 *
 * @see CloudEvents 1.0.2, spec.md, "Context Attributes"; JSON event format.
 */
export function encodeCloudEvent({ kind, event }: Notification): string {
  return JSON.stringify({
    specversion: '1.0',
    id: event.id,
    source: sourceOf(event),
    type: `io.purser.registry.${kind}.${event.action}`,
    subject: subjectOf(event),
    time: event.timestamp,
    datacontenttype: 'application/json',
    data: event,
  });
}

/** A URI reference that is never empty. */
function sourceOf({ source }: RegistryEvent): string {
  const { addr, instanceID } = source;
  const authority = addr === undefined ? undefined : `//${addr}`;
  if (authority !== undefined && URL.canParse(`http:${authority}`)) return authority;
  return instanceID === undefined ? '/' : `urn:uuid:${instanceID}`;
}

/** As people write references: `library/debian:12`, `library/debian@sha256:…`. */
function subjectOf({ target }: RegistryEvent): string {
  const { repository, tag, digest } = target;
  return `${repository}${tag === undefined ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`;
}
