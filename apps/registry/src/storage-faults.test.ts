import { readdir } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createConfig } from './config/load.ts';
import { maintain } from './fixtures/maintain.ts';
import { blobDigest, locationOf, Pushes } from './fixtures/pushes.ts';
import { STORAGE_FAULTS, type StorageFault } from './fixtures/storage-faults.ts';
import { createLogger } from './observe/logger.ts';
import { startRegistry } from './start-registry.ts';

async function serve(root: string) {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger(createConfig({ log: { formatter: 'json' } }).log, { write });
  const server = await startRegistry({
    storage: { filesystem: { rootdirectory: root } },
    logger,
  });
  const statusOf = async (path: string) => (await fetch(`${server.url}${path}`)).status;
  return { server, lines, statusOf, pushes: new Pushes(server.url, 'faults/app') };
}

/** A refusal that a client understands. */
async function expectRefusal(answer: Response, { status }: StorageFault): Promise<void> {
  const body: unknown = await answer.json();
  expect(answer.status).toBe(status);
  expect(body).toEqual({
    errors: [
      {
        code: 'UNAVAILABLE',
        message: expect.any(String) as string,
        detail: { requestId: answer.headers.get('x-request-id') },
      },
    ],
  });
  expect(answer.headers.get('retry-after')).toBe(status === 503 ? '5' : null);
}

/** What a fault lets through while it lasts, and after it. */
function expectationsOf({ status, isReadable }: StorageFault) {
  const failedReads = isReadable
    ? []
    : ['response completed with error', 'storage cannot be read: not ready'];
  return {
    readiness: isReadable ? 200 : 503,
    failures: [...failedReads, 'storage cannot be written: pushes fail'],
    // Without space an upload ends at once; after any other failure the client resumes it.
    resumed: status === 507 ? [404] : [204, 202, 202, 201],
  };
}

/** Asks for an upload, and sends what is missing as long as the answers are no failures. */
async function resume(pushes: Pushes, underWay: Response): Promise<readonly number[]> {
  const answers = [await fetch(locationOf(underWay))];
  const last = () => answers.at(-1)!;
  for (const index of [1, 2]) {
    if (last().ok) answers.push(await pushes.chunk(locationOf(last()), 100, index));
  }
  if (last().ok) answers.push(await pushes.finish(locationOf(last()), 100));
  return answers.map(({ status }) => status);
}

describe.each(STORAGE_FAULTS)('$name', (fault) => {
  const { whyNot } = fault;

  it.skipIf(whyNot !== undefined)(
    `fails what it must with its cause, leaves no part, and is over by itself${whyNot ? ` (skipped: ${whyNot})` : ''}`,
    async () => {
      const storage = await fault.create();
      const { server, lines, statusOf, pushes } = await serve(storage.root);
      onTestFinished(async () => {
        await server.close();
        await storage[Symbol.asyncDispose]();
      });
      for (const answer of await pushes.base()) expect(answer.status).toBe(201);
      const kinds = Object.entries(pushes.kinds);
      const expected = expectationsOf(fault);
      for (const [seed, [, push]] of kinds.entries()) expect((await push(seed)).status).toBe(201);
      const latest = kinds.findIndex(([kind]) => kind.includes('moves'));
      const begun = await pushes.begin();
      const underWay = await pushes.chunk(locationOf(begun), 100, 0);
      expect(underWay.status).toBe(202);

      await storage.begin();
      await expectRefusal(await pushes.chunk(locationOf(underWay), 100, 1), fault);
      for (const [index, [, push]] of kinds.entries()) {
        await expectRefusal(await push(200 + index), fault);
      }
      expect(await pushes.seedOf('manifests/latest', [latest])).toBe(
        fault.isReadable ? latest : '503',
      );
      expect(await statusOf('/readyz')).toBe(expected.readiness);
      expect(await statusOf('/readyz/write')).toBe(503);
      expect(await statusOf('/livez')).toBe(200);
      const failures = lines.filter((line) => 'err.message' in line);
      for (const failure of failures) expect(JSON.stringify(failure)).toMatch(fault.cause);
      const messages = failures.map(({ msg }) => msg);
      expect(messages).toEqual([
        ...[underWay, ...kinds].map(() => 'response completed with error'),
        ...expected.failures,
      ]);

      await storage.end();
      await expect.poll(() => statusOf('/readyz/write'), { timeout: 10_000 }).toBe(200);
      expect(await pushes.seedOf('manifests/latest', [latest])).toBe(latest);
      for (const seed of kinds.keys()) {
        expect(await pushes.seedOf(`blobs/${blobDigest(200 + seed)}`, [])).toBe('404');
        expect(await pushes.seedOf(`manifests/v${200 + seed}`, [])).toBe('404');
      }
      expect(await resume(pushes, underWay)).toEqual(expected.resumed);
      for (const [index, [, push]] of kinds.entries()) {
        expect((await push(200 + index)).status).toBe(201);
      }

      await maintain(storage.root, ['uploads', 'purge', '--older-than', '0s']);
      const files = await readdir(storage.root, { recursive: true });
      expect(files.filter((path) => /_uploads\/|\.tmp$/.test(path))).toEqual([]);
      expect(await maintain(storage.root, ['check', '--deep'])).toContain('Sound. 0 files');
    },
    60_000,
  );
});
