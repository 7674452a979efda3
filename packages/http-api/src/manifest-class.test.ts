import { digestOf, parseRepositoryName, RegistryError, type Manifest } from '@purser/core';
import { describeBytes, sampleBytes, sampleImage } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { serve } from './fixtures/serve.ts';
import { checkClass } from './manifest-class.ts';

const NAME = parseRepositoryName('a');
const DOCKER = 'application/vnd.docker.distribution.manifest.v2+json';
const OCI = 'application/vnd.oci.image.manifest.v1+json';
const IMAGE = 'application/vnd.docker.container.image.v1+json';
const PLUGIN = 'application/vnd.docker.plugin.v1+json';

function manifestOf(mediaType: string, configType: string): Manifest {
  const payload = Buffer.from('{}');
  const descriptor = { mediaType: configType, digest: digestOf(payload), size: 2 };
  return { mediaType, payload, references: [{ kind: 'blob', descriptor, foreign: false }] };
}

/** Why a manifest is refused; `undefined` when it is taken. */
function refusalOf(
  manifest: Manifest,
  classes: readonly string[],
  granted?: readonly string[],
): string | undefined {
  const caller = { refusalOf: () => undefined, classesOf: () => granted };
  try {
    checkClass(manifest, { classes, name: NAME, caller });
  } catch (error) {
    if (RegistryError.is(error, 'DENIED')) return error.message;
    throw error;
  }
  return undefined;
}

describe('the class of a manifest', () => {
  it.each([
    ['an image', manifestOf(DOCKER, IMAGE), ['image']],
    ['an OCI image', manifestOf(OCI, 'application/vnd.oci.image.config.v1+json'), ['image']],
    ['a plugin', manifestOf(DOCKER, PLUGIN), ['image', 'plugin']],
    ['an index, which has none', manifestOf('application/vnd.oci.image.index.v1+json', ''), []],
  ])('lets %s pass', (_what, manifest, classes) => {
    expect(refusalOf(manifest, classes)).toBeUndefined();
  });

  it.each([
    [
      'a plugin where images are allowed',
      manifestOf(DOCKER, PLUGIN),
      'registry does not allow plugin manifest',
    ],
    ['an artifact', manifestOf(OCI, 'text/x'), 'unknown manifest class for text/x'],
  ])('refuses %s in the words of distribution', (_what, manifest, message) => {
    expect(refusalOf(manifest, ['image'])).toBe(message);
  });

  it('must be one that the caller may push, if his token says which', () => {
    const both = ['image', 'plugin'];
    const plugin = manifestOf(DOCKER, PLUGIN);
    expect(refusalOf(plugin, both, ['image'])).toBe(
      'repository not authorized for plugin manifest',
    );
    expect(refusalOf(plugin, both, ['image', 'plugin'])).toBeUndefined();
    expect(refusalOf(plugin, both, undefined)).toBeUndefined();
  });
});

describe('a registry that tells classes apart', () => {
  const push = async (classes: readonly string[] | undefined) => {
    await using server = await serve({ manifestClasses: classes });
    const content = sampleBytes(10);
    await server.repository('a').blobs.put(content);
    const config = describeBytes(content, 'application/vnd.oci.image.config.v1+json');
    const manifest = sampleImage({ config, layers: [] });
    const response = await fetch(`${server.url}/v2/a/manifests/other`, {
      method: 'PUT',
      headers: { 'content-type': manifest.mediaType },
      body: Buffer.from(manifest.payload),
    });
    return { status: response.status, body: await response.text() };
  };

  it('refuses a push of another class with 403, and takes what it allows', async () => {
    const refused = await push(['plugin']);
    expect(refused.status).toBe(403);
    expect(refused.body).toContain(
      '"code":"DENIED","message":"registry does not allow image manifest"',
    );
    expect((await push(['image'])).status).toBe(201);
    expect((await push(undefined)).status).toBe(201);
  });
});
