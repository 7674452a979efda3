import {
  createManifestDecoder,
  digestOf,
  parseRepositoryName,
  type Manifest,
  type ManifestFormat,
} from '@purser/core';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import {
  blobDataPath,
  manifestsPath,
  repositoryPath,
  signatureLinkPath,
  signaturesPath,
} from './paths.ts';

const SEALED = 'application/vnd.example.sealed+json';
const CANONICAL = Buffer.from('{"sealed":true}');
const NAME = parseRepositoryName('team/app');
const REVISION = digestOf(CANONICAL);

/** What is served is the document and its seals, a line each. */
function sealed(...seals: readonly string[]): Manifest {
  const detached = seals.map((seal) => Buffer.from(seal));
  return {
    mediaType: SEALED,
    payload: Buffer.from([CANONICAL.toString(), ...seals].join('\n')),
    references: [],
    canonical: CANONICAL,
    detached,
  };
}

const format: ManifestFormat = {
  mediaType: SEALED,
  recognizes: (document) => 'sealed' in document,
  decode: (payload) => ({ mediaType: SEALED, payload, references: [] }),
  decodeStored: (_canonical, _document, detached) =>
    sealed(...detached.map((seal) => Buffer.from(seal).toString()).toSorted()),
};

function setUp() {
  const driver = new MemoryDriver();
  const decoder = createManifestDecoder([format]);
  const { manifests } = createRegistry({ driver, decoder, deletion: true }).repository(NAME);
  const served = async () => Buffer.from((await manifests.get(REVISION)).payload).toString();
  return { driver, manifests, served };
}

const link = (seal: string) => signatureLinkPath(NAME, REVISION, digestOf(Buffer.from(seal)));

describe('a manifest with detached signatures', () => {
  it('is stored by the digest of its canonical bytes, its signatures where distribution kept them', async () => {
    const { driver, manifests } = setUp();
    expect(await manifests.put(sealed('one'))).toBe(REVISION);
    const text = async (path: string) => Buffer.from(await driver.getContent(path)).toString();
    expect(await text(blobDataPath(REVISION))).toBe(CANONICAL.toString());
    const root = '/docker/registry/v2/repositories/team/app/_manifests/revisions/sha256';
    const signature = digestOf(Buffer.from('one'));
    expect(link('one')).toBe(
      `${root}/${REVISION.slice(7)}/signatures/sha256/${signature.slice(7)}/link`,
    );
    expect(await text(link('one'))).toBe(signature);
    expect(await text(blobDataPath(signature))).toBe('one');
  });

  it('is served with the signatures of every push', async () => {
    const { manifests, served } = setUp();
    await manifests.put(sealed('one'));
    expect(await served()).toBe(`${CANONICAL.toString()}\none`);
    await manifests.put(sealed('two'));
    await manifests.put(sealed('one'));
    expect(await served()).toBe(`${CANONICAL.toString()}\none\ntwo`);
  });

  it('is refused under a digest that is not that of its canonical bytes', async () => {
    const { manifests } = setUp();
    const manifest = sealed('one');
    const digest = digestOf(manifest.payload);
    await expect(manifests.put(manifest, { digest })).rejects.toMatchObject({
      code: 'DIGEST_INVALID',
    });
  });

  it('does without signatures that are gone, altered, or no signatures', async () => {
    const { driver, manifests, served } = setUp();
    await manifests.put(sealed('one', 'two', 'three'));
    await driver.delete(blobDataPath(digestOf(Buffer.from('two'))));
    await driver.putContent(blobDataPath(digestOf(Buffer.from('three'))), Buffer.from('3'));
    await driver.putContent(`${signaturesPath(NAME, REVISION)}/stray`, Buffer.from(''));
    expect(await served()).toBe(`${CANONICAL.toString()}\none`);
  });

  it('is one manifest: its signatures are no revisions, and go unread once it is deleted', async () => {
    const { driver, manifests } = setUp();
    await manifests.put(sealed('one'));
    expect(await manifests.exists(digestOf(Buffer.from('one')))).toBe(false);
    await manifests.delete(REVISION);
    expect(await driver.stat(manifestsPath(repositoryPath(NAME)))).toBeUndefined();
    await expect(manifests.get(REVISION)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
  });

  it('is read with at most 64 signatures', async () => {
    const { manifests, served } = setUp();
    await manifests.put(sealed(...Array.from({ length: 70 }, (_, index) => `seal ${index}`)));
    expect((await served()).split('\n').length - 1).toBe(64);
  });
});
