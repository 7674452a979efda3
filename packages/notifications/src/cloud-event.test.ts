import { describe, expect, it } from 'vitest';
import { encodeCloudEvent } from './cloud-event.ts';
import { sampleNotification } from './fixtures/notifications.ts';

function attributesOf(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

describe('encodeCloudEvent', () => {
  it('writes the required attributes, and the event as data', () => {
    const notification = sampleNotification(1);
    const { digest } = notification.event.target;
    expect(attributesOf(encodeCloudEvent(notification))).toEqual({
      specversion: '1.0',
      id: 'id-1',
      source: '//registry.example:5000',
      type: 'io.purser.registry.blob.push',
      subject: `library/hello@${digest}`,
      time: '2026-01-02T03:04:05.678Z',
      datacontenttype: 'application/json',
      data: notification.event,
    });
  });

  it('names a tag in the subject', () => {
    const { event } = sampleNotification(1);
    const target = { ...event.target, tag: 'v1', digest: '' };
    const text = encodeCloudEvent({ kind: 'tag', event: { ...event, action: 'delete', target } });
    expect(attributesOf(text)).toMatchObject({
      type: 'io.purser.registry.tag.delete',
      subject: 'library/hello:v1',
    });
  });

  it.each([
    [{ addr: ':5000', instanceID: 'abc' }, 'urn:uuid:abc'],
    [{ instanceID: 'abc' }, 'urn:uuid:abc'],
    [{}, '/'],
  ])('has a source that is a URI when the registry is %o', (source, expected) => {
    const { kind, event } = sampleNotification(1);
    expect(attributesOf(encodeCloudEvent({ kind, event: { ...event, source } }))).toMatchObject({
      source: expected,
    });
  });
});
