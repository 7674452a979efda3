import { digestOf } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { ScriptedRegistry } from '../fixtures/scripted-registry.ts';
import { blob, content, from, Uploading } from '../fixtures/uploading-registry.ts';

describe('a push that is cut', () => {
  it('goes on where the registry says that the upload ends', async () => {
    const uploading = new Uploading();
    await using registry = await ScriptedRegistry.listen(
      uploading.script(async ({ method, readThenCut }) => {
        if (method !== 'PUT' || uploading.stored.byteLength > 0) return false;
        uploading.stored = (await readThenCut(120_000)).subarray(0, 110_000);
        return true;
      }),
    );
    expect(await registry.repository().blobs.push(blob, from)).toBe('uploaded');
    expect(uploading.stored).toEqual(content);
    expect(registry.received.at(-1)?.headers['content-range']).toBe('110000-299999');
    expect(uploading.sessions).toBe(1);
  });

  it('begins anew when the registry has forgotten the upload', async () => {
    const uploading = new Uploading();
    await using registry = await ScriptedRegistry.listen(
      uploading.script(async ({ method, answer, readThenCut }) => {
        if (uploading.sessions !== 1 || method === 'POST' || method === 'HEAD') return false;
        if (method === 'PUT') await readThenCut(100_000);
        else answer(404);
        return true;
      }),
    );
    expect(await registry.repository().blobs.push(blob, from)).toBe('uploaded');
    expect(uploading.sessions).toBe(2);
  });

  it('is done when only the answer was lost', async () => {
    const uploading = new Uploading();
    await using registry = await ScriptedRegistry.listen(
      uploading.script(async ({ method, read, response }) => {
        if (method !== 'PUT') return false;
        uploading.isCommitted = (await read()).equals(content);
        response.destroy();
        return true;
      }),
    );
    expect(await registry.repository().blobs.push(blob, from)).toBe('uploaded');
    expect(registry.asked.filter((each) => each.startsWith('PUT'))).toHaveLength(1);
  });

  it('is given up and cancelled after a few attempts that get nowhere', async () => {
    const uploading = new Uploading();
    await using registry = await ScriptedRegistry.listen(
      uploading.script(async ({ method, readThenCut }) => {
        if (method !== 'PUT') return false;
        await readThenCut(1);
        return true;
      }),
    );
    expect(await failureOf(registry.repository().blobs.push(blob, from))).toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(registry.received.length).toBeLessThan(40);
    expect(registry.asked.at(-1)).toMatch(/^DELETE /);
  });

  it('sends a part again that the registry took only half of', async () => {
    const uploading = new Uploading();
    uploading.headers = { 'oci-chunk-min-length': '1' };
    let isFirst = true;
    await using registry = await ScriptedRegistry.listen(
      uploading.script(async ({ method, read, answer }) => {
        if (method !== 'PATCH' || !isFirst) return false;
        isFirst = false;
        uploading.stored = (await read()).subarray(0, 40_000);
        answer(202, { location: uploading.location(), range: '0-39999' });
        return true;
      }),
    );
    await registry.repository({ chunkSize: 100_000 }).blobs.push(blob, from);
    expect(uploading.stored).toEqual(content);
  });
});

describe('a push that fails', () => {
  it('is cancelled, and not repeated, when the content is refused', async () => {
    const uploading = new Uploading();
    await using registry = await ScriptedRegistry.listen(
      uploading.script(async ({ method, read, answer }) => {
        if (method !== 'PUT') return false;
        await read();
        const errors = [{ code: 'DIGEST_INVALID', message: 'no' }];
        answer(400, { 'content-type': 'application/json' }, JSON.stringify({ errors }));
        return true;
      }),
    );
    const error = await failureOf(registry.repository().blobs.push(blob, from));
    expect(error).toMatchObject({ code: 'DIGEST_INVALID', status: 400 });
    expect(registry.asked.map((each) => each.split(' ')[0])).toEqual([
      'HEAD',
      'POST',
      'PUT',
      'DELETE',
    ]);
  });

  it('ends with what its content fails with, and is cancelled', async () => {
    const uploading = new Uploading();
    await using registry = await ScriptedRegistry.listen(
      uploading.script(async ({ method, read }) => {
        if (method === 'PUT') await read().catch(() => {});
        return method === 'PUT';
      }),
    );
    const broken = new Error('the disk is gone');
    const failingContent = async function* () {
      yield content.subarray(0, 100);
      throw broken;
    };
    await expect(registry.repository().blobs.push(blob, failingContent)).rejects.toBe(broken);
    expect(registry.asked.at(-1)).toMatch(/^DELETE /);
  });

  it('is refused when the content is not as long as said', async () => {
    await using registry = await ScriptedRegistry.listen(
      new Uploading().script(async ({ method, read }) => {
        if (method === 'PUT') await read().catch(() => {});
        return method === 'PUT';
      }),
    );
    const { blobs } = registry.repository();
    expect(await failureOf(blobs.push({ ...blob, size: blob.size - 1 }, from))).toMatchObject({
      code: 'SIZE_INVALID',
    });
    expect(await failureOf(blobs.push({ ...blob, size: blob.size + 1 }, from))).toMatchObject({
      code: 'SIZE_INVALID',
    });
  });

  it('does not believe a registry that says it stored another blob', async () => {
    const other = digestOf(Buffer.from('other'));
    const uploading = new Uploading();
    await using registry = await ScriptedRegistry.listen(
      uploading.script(async ({ method, read, answer }) => {
        if (method !== 'PUT') return false;
        await read();
        answer(201, { 'docker-content-digest': other });
        return true;
      }),
    );
    expect(await failureOf(registry.repository().blobs.push(blob, from))).toMatchObject({
      code: 'DIGEST_INVALID',
    });
  });

  it.each([
    ['more than it was sent', '0-999999'],
    ['nothing, again and again', '0-0'],
  ])('ends when the registry says that it holds %s', async (_, range) => {
    const uploading = new Uploading();
    uploading.headers = { 'oci-chunk-min-length': '1' };
    await using registry = await ScriptedRegistry.listen(
      uploading.script(async ({ method, read, answer }) => {
        if (method !== 'PATCH') return false;
        await read();
        answer(202, { location: uploading.location(), range });
        return true;
      }),
    );
    expect(await failureOf(registry.repository().blobs.push(blob, from))).toMatchObject({
      code: 'RESPONSE_INVALID',
    });
    expect(registry.received.length).toBeLessThan(40);
  });

  it.each([
    ['none', undefined],
    ['no URL', 'http://['],
    ['another scheme', 'file:///etc/passwd'],
  ])('ends when the location of the upload is %s', async (_, location) => {
    await using registry = await ScriptedRegistry.listen(({ method, answer }) =>
      answer(method === 'HEAD' ? 404 : 202, location === undefined ? {} : { location }),
    );
    expect(await failureOf(registry.repository().blobs.push(blob, from))).toMatchObject({
      code: 'RESPONSE_INVALID',
    });
  });
});
