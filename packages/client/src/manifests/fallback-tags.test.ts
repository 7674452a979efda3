import { createHash } from 'node:crypto';
import { describeManifest, digestOf, parseDigest, type Digest } from '@purser/core';
import { describeBytes, sampleImage } from '@purser/core/testing';
import { expect, it } from 'vitest';
import { fallbackTagOf } from './fallback-tags.ts';
import { collect } from '../fixtures/collect.ts';
import { failureOf } from '../fixtures/failure-of.ts';
import { ScriptedRegistry, type Exchange, type Script } from '../fixtures/scripted-registry.ts';

const subject = describeBytes(Buffer.from('subject'), 'application/vnd.oci.image.manifest.v1+json');
const tag = fallbackTagOf(subject.digest);
const config = describeBytes(Buffer.from('{}'), 'application/vnd.example.config');

function referrer(text: string, artifactType?: string) {
  return sampleImage({
    config,
    layers: [],
    subject,
    annotations: { text },
    ...(artifactType !== undefined && { artifactType }),
  });
}

/** A registry that keeps manifests and knows no referrers. */
class WithoutReferrers {
  readonly content = new Map<string, { body: Buffer; type: string }>();
  readonly conditions: unknown[] = [];
  heedsConditions = true;

  script(own: (exchange: Exchange) => void | Promise<void> = () => {}): Script {
    return async (exchange) => {
      await own(exchange);
      const reference = exchange.path.slice(exchange.path.lastIndexOf('/') + 1);
      if (exchange.response.headersSent) return;
      if (!exchange.path.includes('/manifests/')) return exchange.answer(404);
      if (exchange.method === 'PUT') await this.#put(exchange, reference);
      else if (exchange.method === 'DELETE') {
        exchange.answer(this.content.delete(reference) ? 202 : 404);
      } else this.#get(exchange, reference);
    };
  }

  #get({ answer }: Exchange, reference: string): void {
    const found = this.content.get(reference);
    if (found === undefined) return answer(404);
    answer(200, { 'content-type': found.type }, found.body);
  }

  async #put({ headers, read, answer }: Exchange, reference: string): Promise<void> {
    const body = await read();
    this.conditions.push(headers['if-match'] ?? headers['if-none-match']);
    if (this.heedsConditions && !this.#holds(headers, reference)) return answer(412);
    const entry = { body, type: headers['content-type'] ?? '' };
    this.content.set(reference, entry);
    this.content.set(`sha256:${createHash('sha256').update(body).digest('hex')}`, entry);
    answer(201);
  }

  #holds(headers: Exchange['headers'], reference: string): boolean {
    const current = this.content.get(reference);
    if (headers['if-none-match'] === '*') return current === undefined;
    const expected = headers['if-match'];
    return expected === undefined || (!!current && expected === `"${digestOf(current.body)}"`);
  }

  listed(): readonly { digest: Digest }[] {
    const index = this.content.get(tag);
    return index === undefined
      ? []
      : (JSON.parse(index.body.toString()) as { manifests: { digest: Digest }[] }).manifests;
  }
}

it('names a tag by the digest, cut and with what a tag may hold', () => {
  expect(fallbackTagOf(parseDigest(`sha256:${'a'.repeat(64)}`))).toBe(`sha256-${'a'.repeat(64)}`);
  expect(fallbackTagOf(parseDigest(`sha512:${'a'.repeat(128)}`))).toBe(`sha512-${'a'.repeat(64)}`);
  expect(fallbackTagOf(parseDigest('a+b:x=y'))).toBe('a-b-x-y');
});

it('keeps referrers under a tag where the registry knows none', async () => {
  const remote = new WithoutReferrers();
  await using registry = await ScriptedRegistry.listen(remote.script());
  const { manifests, referrers } = registry.repository();
  const pushed = [referrer('1', 'application/vnd.a'), referrer('2', 'application/vnd.b')];
  for (const manifest of pushed) await manifests.put(manifest);
  const entries = pushed.map((each) => describeManifest(each));
  const sorted = entries.toSorted((left, right) => (left.digest < right.digest ? -1 : 1));
  expect(await collect(referrers.list(subject.digest))).toEqual(sorted);
  const wanted = referrers.list(subject.digest, { artifactType: 'application/vnd.b' });
  expect(await collect(wanted)).toEqual([entries[1]]);
  expect(remote.conditions).toContain('*');
  expect(remote.conditions.at(-1)).toMatch(/^"sha256:/);
});

it('enters a referrer once, and takes it out when it is deleted', async () => {
  const remote = new WithoutReferrers();
  await using registry = await ScriptedRegistry.listen(remote.script());
  const { manifests, referrers } = registry.repository();
  const digest = await manifests.put(referrer('1'));
  await manifests.put(referrer('1'));
  expect(remote.listed()).toHaveLength(1);
  await manifests.delete(digest);
  expect(remote.listed()).toEqual([]);
  expect(await collect(referrers.list(subject.digest))).toEqual([]);
});

it('loses none of many that are pushed at once', async () => {
  const remote = new WithoutReferrers();
  remote.heedsConditions = false;
  await using registry = await ScriptedRegistry.listen(remote.script());
  const { manifests } = registry.repository();
  const pushed = Array.from({ length: 10 }, (_, index) => referrer(String(index)));
  await Promise.all(pushed.map((manifest) => manifests.put(manifest)));
  expect(remote.listed()).toHaveLength(10);
});

it('enters it again when another client undid it', async () => {
  const remote = new WithoutReferrers();
  remote.heedsConditions = false;
  let undone = 0;
  await using registry = await ScriptedRegistry.listen(
    remote.script(({ method, path }) => {
      if (method !== 'GET' || !path.endsWith(tag) || remote.listed().length === 0) return;
      if (undone++ < 2) remote.content.delete(tag);
    }),
  );
  await registry.repository().manifests.put(referrer('1'));
  expect(undone).toBe(3);
  expect(remote.listed()).toHaveLength(1);
});

it('gives up when others keep changing the tag', async () => {
  const remote = new WithoutReferrers();
  await using registry = await ScriptedRegistry.listen(
    remote.script(({ method, path, answer }) => {
      if (method === 'PUT' && path.endsWith(tag)) answer(412);
    }),
  );
  const put = registry.repository().manifests.put(referrer('1'));
  expect(await failureOf(put)).toMatchObject({ code: 'PRECONDITION_FAILED', retryable: true });
});

it('overwrites no tag that names something else', async () => {
  const remote = new WithoutReferrers();
  const { payload, mediaType } = referrer('an image of that name');
  remote.content.set(tag, { body: Buffer.from(payload), type: mediaType });
  await using registry = await ScriptedRegistry.listen(remote.script());
  const { manifests, referrers } = registry.repository();
  expect(await failureOf(manifests.put(referrer('1')))).toMatchObject({ code: 'RESPONSE_INVALID' });
  expect(await failureOf(collect(referrers.list(subject.digest)))).toMatchObject({
    code: 'RESPONSE_INVALID',
  });
  expect(remote.content.get(tag)?.body.equals(payload)).toBe(true);
});

it('leaves the tag alone where the registry says that it lists the manifest', async () => {
  await using registry = await ScriptedRegistry.listen(async ({ read, response }) => {
    await read();
    response.writeHead(201, { 'oci-subject': subject.digest }).end();
  });
  await registry.repository().manifests.put(referrer('1'));
  expect(registry.asked).toHaveLength(1);
});
