import assert from 'node:assert/strict';
import { digestOf } from '../digest.ts';
import { sampleBytes } from '../testing/samples.ts';
import {
  bytesOf,
  chunksOf,
  fails,
  repositoryOf,
  type RegistrySupport,
  type RegistryTest,
} from './suite.ts';

const content = Buffer.from(sampleBytes(200_000));
const [first, second] = [content.subarray(0, 70_000), content.subarray(70_000)] as const;
const digest = digestOf(content);
const missingId = '00000000-0000-4000-8000-000000000000';

export function testUploads(test: RegistryTest, supports: RegistrySupport = {}): void {
  testSessions(test);
  if (supports.exclusiveUploads ?? true) testExclusion(test);
  testOrder(test);
  testEnds(test);
}

function testSessions(test: RegistryTest): void {
  test('makes an upload visible at commit, not before', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const writer = await blobs.create();
    await writer.append(chunksOf(first, second));
    assert.equal(writer.size, content.byteLength);
    assert.equal(await blobs.stat(digest), undefined);
    assert.equal((await writer.commit(digest)).digest, digest);
    assert.deepEqual(await bytesOf(await blobs.open(digest)), content);
  });

  test('goes on with an upload that was let go', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const begun = await blobs.create();
    await begun.append(chunksOf(first));
    await begun.close();
    const resumed = await blobs.resume(begun.id);
    assert.equal(resumed.size, first.byteLength);
    await resumed.append(chunksOf(second), { offset: first.byteLength, length: second.byteLength });
    await resumed.commit(digest);
    assert.deepEqual(await bytesOf(await blobs.open(digest)), content);
  });

  test('commits an upload by sha512, and gives it by that name', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const writer = await blobs.create();
    await writer.append(chunksOf(content));
    const sha512 = digestOf(content, 'sha512');
    await writer.commit(sha512);
    assert.equal((await blobs.stat(sha512))?.size, content.byteLength);
    assert.deepEqual(await bytesOf(await blobs.open(sha512)), content);
  });

  test('commits by an algorithm that was announced, and by another than that', async (registry) => {
    const { blobs } = repositoryOf(registry);
    for (const algorithm of ['sha512', 'sha256'] as const) {
      const begun = await blobs.create({ algorithm: 'sha512' });
      await begun.append(chunksOf(first));
      await begun.close();
      const resumed = await blobs.resume(begun.id);
      await resumed.append(chunksOf(second));
      const name = digestOf(content, algorithm);
      await resumed.commit(name);
      assert.deepEqual(await bytesOf(await blobs.open(name)), content);
    }
  });

  test('looks at a session while a writer holds it', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const writer = await blobs.create();
    await writer.append(chunksOf(first));
    assert.equal((await blobs.uploadStatus(writer.id)).id, writer.id);
    await writer.close();
    assert.equal((await blobs.uploadStatus(writer.id)).size, first.byteLength);
    assert.ok(writer.startedAt.getTime() <= Date.now());
  });

  test('keeps the sessions of repositories apart', async (registry) => {
    const writer = await repositoryOf(registry).blobs.create();
    await writer.close();
    const other = repositoryOf(registry, 'suite/second').blobs;
    await fails(other.resume(writer.id), 'BLOB_UPLOAD_UNKNOWN');
    await fails(other.uploadStatus(writer.id), 'BLOB_UPLOAD_UNKNOWN');
  });

  test('does not know a session that was never begun', async (registry) => {
    const { blobs } = repositoryOf(registry);
    for (const id of [missingId, 'no-uuid', '..', '../../x', '']) {
      await fails(blobs.resume(id), 'BLOB_UPLOAD_UNKNOWN');
      await fails(blobs.uploadStatus(id), 'BLOB_UPLOAD_UNKNOWN');
    }
  });
}

function testExclusion(test: RegistryTest): void {
  test('lets one writer at a time hold a session', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const writer = await blobs.create();
    let resumed = false;
    const waiting = blobs.resume(writer.id).then((next) => {
      resumed = true;
      return next;
    });
    await writer.append(chunksOf(first));
    assert.equal(resumed, false);
    await writer.close();
    const next = await waiting;
    assert.equal(next.size, first.byteLength);
    await next.close();
  });

  test('stops waiting for a session when asked to', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const writer = await blobs.create();
    const reason = new Error('the client left');
    const waiting = blobs.resume(writer.id, { signal: AbortSignal.abort(reason) });
    await assert.rejects(waiting, reason);
    await writer.close();
    await (await blobs.resume(writer.id)).close();
  });
}

function testOrder(test: RegistryTest): void {
  test('refuses content that does not start where the upload ends', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const writer = await blobs.create();
    await writer.append(chunksOf(first), { offset: 0 });
    for (const offset of [0, first.byteLength - 1, first.byteLength + 1]) {
      await fails(writer.append(chunksOf(second), { offset }), 'UPLOAD_OUT_OF_ORDER');
    }
    assert.equal(writer.size, first.byteLength);
    await writer.append(chunksOf(second), { offset: first.byteLength });
    await writer.commit(digest);
  });

  test('refuses content longer than announced, and takes none of the excess', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const writer = await blobs.create();
    await fails(
      writer.append(chunksOf(first, second), { length: first.byteLength }),
      'SIZE_INVALID',
    );
    assert.ok(writer.size <= first.byteLength);
    await writer.close();
    assert.ok((await blobs.uploadStatus(writer.id)).size <= first.byteLength);
  });

  test('refuses content shorter than announced', async (registry) => {
    const writer = await repositoryOf(registry).blobs.create();
    await fails(writer.append(chunksOf(first), { length: first.byteLength + 1 }), 'SIZE_INVALID');
    await writer.close();
  });

  test('keeps what came before the client was cut off', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const writer = await blobs.create();
    const cut = new Error('connection reset');
    const broken = (async function* () {
      yield first;
      throw cut;
    })();
    await assert.rejects(writer.append(broken), cut);
    await writer.close();
    const resumed = await blobs.resume(writer.id);
    assert.equal(resumed.size, first.byteLength);
    await resumed.append(chunksOf(second));
    await resumed.commit(digest);
    assert.deepEqual(await bytesOf(await blobs.open(digest)), content);
  });
}

function testEnds(test: RegistryTest): void {
  test('stores nothing when the content does not match, and ends the session', async (registry) => {
    const { blobs } = repositoryOf(registry);
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const wrong = digestOf(second, algorithm);
      const writer = await blobs.create();
      await writer.append(chunksOf(first));
      await fails(writer.commit(wrong), 'DIGEST_INVALID');
      await fails(blobs.resume(writer.id), 'BLOB_UPLOAD_UNKNOWN');
      assert.equal(await blobs.stat(wrong), undefined);
    }
    assert.equal(await blobs.stat(digestOf(first)), undefined);
  });

  test('forgets a session that was committed or cancelled', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const committed = await blobs.create();
    await committed.append(chunksOf(content));
    await committed.commit(digest);
    await fails(blobs.resume(committed.id), 'BLOB_UPLOAD_UNKNOWN');
    const cancelled = await blobs.create();
    await cancelled.append(chunksOf(first));
    await cancelled.cancel();
    await fails(blobs.resume(cancelled.id), 'BLOB_UPLOAD_UNKNOWN');
    await fails(blobs.uploadStatus(cancelled.id), 'BLOB_UPLOAD_UNKNOWN');
  });

  test('does nothing when a writer is closed again, and refuses every other use', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const writer = await blobs.create();
    await writer.append(chunksOf(content));
    await writer.commit(digest);
    await writer.close();
    await writer.close();
    await assert.rejects(writer.append(chunksOf(first)), TypeError);
    await assert.rejects(writer.commit(digest), TypeError);
    await assert.rejects(writer.cancel(), TypeError);
  });

  test('takes the same blob from many clients at once', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const pushes = Array.from({ length: 10 }, async () => {
      const writer = await blobs.create();
      await writer.append(chunksOf(first, second));
      return writer.commit(digest);
    });
    for (const descriptor of await Promise.all(pushes)) assert.equal(descriptor.digest, digest);
    assert.deepEqual(await bytesOf(await blobs.open(digest)), content);
  });
}
