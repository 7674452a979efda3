import { describe, expect, it } from 'vitest';
import { createConfig } from '../config/load.ts';
import type { StorageSectionInput } from '../config/storage-section.ts';
import { createSilentLogger, type Logger } from '../observe/logger.ts';
import { startRegistry } from '../start-registry.ts';
import { Writes } from './writes.ts';

type ReadonlyInput = NonNullable<NonNullable<StorageSectionInput['maintenance']>['readonly']>;

const storage = (readonly: ReadonlyInput) => ({ inmemory: {}, maintenance: { readonly } });
const configOf = (readonly: ReadonlyInput) => createConfig({ storage: storage(readonly) });

function recordedWrites(readonly: ReadonlyInput) {
  const told: string[] = [];
  const logger: Logger = {
    ...createSilentLogger(),
    info: (message) => void told.push(message),
  };
  return { writes: new Writes(configOf(readonly), logger), told };
}

const errorOf = async (response: Response) => ({
  status: response.status,
  allow: response.headers.get('allow'),
  retryAfter: response.headers.get('retry-after'),
  ...((await response.json()) as { errors: [{ code: string; message: string }] }).errors[0],
});

describe('a read-only registry', () => {
  it('serves, and takes nothing, as distribution does', async () => {
    await using registry = await startRegistry({ storage: storage({ enabled: true }) });
    const upload = await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    expect(await errorOf(upload)).toEqual({
      status: 405,
      allow: 'GET, HEAD',
      retryAfter: null,
      code: 'UNSUPPORTED',
      message:
        'the registry is read-only: its operator has switched storage.maintenance.readonly on',
    });
    expect((await fetch(`${registry.url}/v2/_catalog`)).status).toBe(200);
    expect((await fetch(`${registry.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${registry.url}/readyz/write`)).status).toBe(503);
  });

  it('asks clients to come back in the words of its operator', async () => {
    const readonly = { enabled: true, message: 'moving to new disks', retryafter: '10m' };
    await using registry = await startRegistry({ storage: storage(readonly) });
    const response = await fetch(`${registry.url}/v2/a/manifests/b`, { method: 'PUT', body: '{}' });
    expect(await errorOf(response)).toEqual({
      status: 503,
      allow: 'GET, HEAD',
      retryAfter: '600',
      code: 'UNAVAILABLE',
      message: 'moving to new disks',
      detail: { requestId: response.headers.get('x-request-id') },
    });
  });
});

describe('writes', () => {
  it('are told when the last is over after they were shut', async () => {
    const { writes, told } = recordedWrites({ enabled: false });
    const [one, other] = [writes.enter(), writes.enter()];
    expect(writes.areRefused).toBe(false);
    (await writes.prepare(configOf({ enabled: true }))).takeEffect();
    (await writes.prepare(configOf({ enabled: true, message: 'other words' }))).takeEffect();
    expect(writes.refusal).toMatchObject({ code: 'UNSUPPORTED', message: 'other words' });
    one[Symbol.dispose]();
    other[Symbol.dispose]();
    (await writes.prepare(configOf({ enabled: false }))).takeEffect();
    expect(writes.refusal).toBeUndefined();
    expect(told).toEqual([
      'read-only: 2 writes are being finished',
      'read-only: 1 writes are being finished',
      'read-only: no write is under way',
      'writes are taken again',
    ]);
  });
});
