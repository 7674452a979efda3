import { digestOf, parseRepositoryName, RegistryError, type Manifest } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { startRegistry } from '../../start-registry.ts';
import { createUrlRule } from './manifest-urls.ts';

const NAME = parseRepositoryName('a');

function manifestWith(...urls: readonly string[]): Manifest {
  const payload = Buffer.from('{}');
  const descriptor = { mediaType: 'a/b', digest: digestOf(payload), size: 2, urls };
  const references = [{ kind: 'blob', descriptor, foreign: true }] as const;
  return { mediaType: 'c/d', payload, references };
}

/** Which of them a rule refuses, as its error tells. */
function refusedBy(lists: { allow?: string[]; deny?: string[] }, ...urls: readonly string[]) {
  const rule = createUrlRule({ allow: [], deny: [], ...lists })!;
  try {
    rule(manifestWith(...urls), NAME);
  } catch (error) {
    if (!RegistryError.is(error, 'MANIFEST_INVALID')) throw error;
    return [error, ...error.related].map(({ detail }) => (detail as { url: string }).url);
  }
  return [];
}

describe('the URLs of a manifest', () => {
  it('may be any where no list says otherwise', () => {
    expect(createUrlRule({ allow: [], deny: [] })).toBeUndefined();
  });

  // Held against docker-registry 2.8.2 with these lists.
  const lists = { allow: ['^https?://ok\\.example/'], deny: ['secret'] };
  it.each(['https://ok.example/x', 'http://ok.example/x?y', 'https://ok.example/x#'])(
    'may be %s, as in distribution',
    (url) => {
      expect(refusedBy(lists, url)).toEqual([]);
    },
  );

  it.each([
    'https://no.example/x',
    'https://ok.example/secret',
    'https://ok.example/#f',
    'ftp://ok.example/',
    'x y',
    '',
    'HTTPS://ok.example/',
  ])('may not be %s, as in distribution', (url) => {
    expect(refusedBy(lists, url)).toEqual([url]);
  });

  it.each(['https://ok.example/x\t', 'https:\\\\ok.example/', 'https://ok.example/ü'])(
    'may not be %j, which readers take differently',
    (url) => {
      expect(refusedBy({ deny: ['secret'] }, url)).toEqual([url]);
    },
  );

  it('are all told that may not be, once each', () => {
    expect(
      refusedBy(
        { allow: ['^https://a/', '^https://b/'] },
        'https://a/',
        'https://c/',
        'https://d/',
        'https://d/',
      ),
    ).toEqual(['https://c/', 'https://d/']);
  });

  it('are all denied by a list that denies everything', () => {
    expect(refusedBy({ deny: ['.'] }, 'https://a/')).toEqual(['https://a/']);
  });

  it('are searched in linear time, whatever the pattern', () => {
    const evil = `https://${'a'.repeat(200_000)}!`;
    // A backtracking engine would not come back.
    expect(refusedBy({ allow: ['(a+)+$'] }, evil)).toHaveLength(1);
  });
});

describe('a push of a manifest whose URL is not allowed', () => {
  const manifest = (url: string) => {
    const empty = digestOf(Buffer.from('{}'));
    return JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: empty, size: 2 },
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
          digest: digestOf(Buffer.from('far away')),
          size: 8,
          urls: [url],
        },
      ],
    });
  };

  it('is answered with 400, and another is taken', async () => {
    const urls = { allow: ['^https://ok\\.example/'] };
    await using registry = await startRegistry({ validation: { manifests: { urls } } });
    await registry.registry.repository(NAME).blobs.put(Buffer.from('{}'));
    const put = (url: string) =>
      fetch(`${registry.url}/v2/a/manifests/x`, {
        method: 'PUT',
        headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
        body: manifest(url),
      });
    const refused = await put('https://no.example/x');
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain(
      'the registry does not allow this URL of a layer: https://no.example/x; leave it out',
    );
    expect((await put('https://ok.example/x')).status).toBe(201);
  });

  it('is taken while validation is switched off', async () => {
    const validation = { disabled: true, manifests: { urls: { deny: ['.'] } } };
    await using registry = await startRegistry({ validation });
    await registry.registry.repository(NAME).blobs.put(Buffer.from('{}'));
    const response = await fetch(`${registry.url}/v2/a/manifests/x`, {
      method: 'PUT',
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
      body: manifest('https://no.example/x'),
    });
    expect(response.status).toBe(201);
  });
});
