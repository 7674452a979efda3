import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { createManifestForms } from './manifests.ts';

const SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

describe('the forms of manifests', () => {
  it('have schema 1 refused, by the name of the setting, when it is switched off', async () => {
    const { decoder, converters } = await createManifestForms({ schema1: { enabled: false } });
    expect(() => decoder.decode(Buffer.from('{"schemaVersion":1}'), SCHEMA1)).toThrow(
      expect.objectContaining({
        code: 'MANIFEST_INVALID',
        message: expect.stringContaining('compatibility.schema1.enabled'),
      }),
    );
    expect(converters).toEqual([]);
  });

  it('have schema 1 verified, and made for old clients, when it is switched on', async () => {
    const { decoder, converters } = await createManifestForms({ schema1: { enabled: true } });
    expect(decoder.mediaTypes).toContain(SCHEMA1);
    expect(converters.map(({ mediaType }) => mediaType)).toEqual([
      'application/vnd.docker.distribution.manifest.list.v2+json',
      'application/vnd.docker.distribution.manifest.v2+json',
    ]);
  });

  it('sign with the key of a file', async () => {
    await using directory = await createTemporaryDirectory();
    const signingkeyfile = join(directory.path, 'key.pem');
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(signingkeyfile, privateKey.export({ type: 'sec1', format: 'pem' }));
    await createManifestForms({ schema1: { enabled: true, signingkeyfile } });
    await writeFile(signingkeyfile, publicKey.export({ type: 'spki', format: 'pem' }));
    await expect(
      createManifestForms({ schema1: { enabled: true, signingkeyfile } }),
    ).rejects.toThrow(`compatibility.schema1.signingkeyfile ${signingkeyfile}: `);
  });

  it('need the file to be there', async () => {
    const schema1 = { enabled: true, signingkeyfile: '/nowhere/key.pem' };
    await expect(createManifestForms({ schema1 })).rejects.toThrow('no such file');
  });
});
