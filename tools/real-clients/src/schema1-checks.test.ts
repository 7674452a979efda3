import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needPrograms } from '@purser/external-programs';
import {
  ask,
  digestOf,
  dockerRegistry,
  manifestPath,
  purser,
  RegistryClient,
  Sandbox,
  type RegistryProgram,
} from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handmadeImages, pushImage } from './convertible-images.ts';
import { outcomeOf } from './outcome.ts';
import { withSchema1 } from './with-schema1.ts';
import { pushBytes } from './push-bytes.ts';
import { schema1Pushes } from './schema1-pushes.ts';
import {
  generateSigningKey,
  readSignedManifest,
  SCHEMA1,
  schema1Document,
  signDocument,
} from './signed-manifest.ts';

const REPOSITORY = 'checked/app';
const programs = needPrograms('docker-registry');

describe.skipIf(programs.isUnmet)(`signed manifests of schema 1${programs.note}`, () => {
  let sandbox: Sandbox;
  const clients: RegistryClient[] = [];

  beforeAll(async () => {
    sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-signed-' });
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await sandbox[Symbol.asyncDispose]();
  });

  async function start(program: RegistryProgram, root: string): Promise<RegistryClient> {
    const { port } = await sandbox.start(program, { root });
    const client = new RegistryClient({ ports: [port] });
    clients.push(client);
    return client;
  }

  describe('pushed', () => {
    let ours: RegistryClient;
    let theirs: RegistryClient;
    let layers: readonly [string, string];

    beforeAll(async () => {
      ours = await start(withSchema1(purser()), 'ours');
      theirs = await start(withSchema1(dockerRegistry()), 'theirs');
      await pushLayers(theirs);
      layers = await pushLayers(ours);
    });

    const titles = schema1Pushes(['', '']).map(({ title }) => title);

    it.each(titles)('%s: answered as documented', async (title) => {
      const push = schema1Pushes(layers).find((one) => one.title === title)!;
      const { body, contentType = SCHEMA1, reference = 'v1' } = push;
      const path = manifestPath(REPOSITORY, reference);
      const headers = { ...(contentType !== '' && { 'content-type': contentType }) };
      const request = { method: 'PUT', path, headers, body };
      expect(outcomeOf(await theirs.request(request))).toEqual(push.theirs);
      expect(outcomeOf(await ours.request(request))).toEqual(push.ours);
    });

    it('and refused: not there afterwards', async () => {
      const client = await start(withSchema1(purser()), 'refused');
      const refused = schema1Pushes(await pushLayers(client)).filter(
        ({ ours: [status] }) => status !== 201,
      );
      expect(refused.length).toBeGreaterThan(5);
      for (const { body, reference = 'v1', ours: outcome } of refused) {
        const path = manifestPath(REPOSITORY, reference);
        const headers = { 'content-type': SCHEMA1 };
        const answer = await client.request({ method: 'PUT', path, headers, body });
        expect(outcomeOf(answer)).toEqual(outcome);
        await ask(client, { method: 'GET', path }, [404]);
      }
    });

    it('several times with other signatures: all are kept, and all hold', async () => {
      const document = schema1Document({ repository: REPOSITORY, tag: 'signed', layers });
      const path = manifestPath(REPOSITORY, 'signed');
      const headers = { 'content-type': SCHEMA1 };
      for (const key of [generateSigningKey(), generateSigningKey()]) {
        const body = signDocument(document, [key]);
        await ask(ours, { method: 'PUT', path, headers, body }, [201]);
      }
      const answer = await ask(ours, { method: 'GET', path }, [200]);
      const { payload, signers } = readSignedManifest(answer.body);
      expect(answer.headers['docker-content-digest']).toBe(digestOf(Buffer.from(document)));
      expect(payload.toString()).toBe(document);
      expect(new Set(signers.map(({ jwk }) => jwk.x)).size).toBe(2);
    });
  });

  describe('signed by the registry', () => {
    const { privateKey: curve } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { privateKey: largerCurve } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });

    it.each([
      { form: 'ec.pem', alg: 'ES256', text: curve.export({ type: 'sec1', format: 'pem' }) },
      { form: 'p384.pem', alg: 'ES384', text: largerCurve.export({ type: 'sec1', format: 'pem' }) },
      { form: 'rsa.pem', alg: 'RS256', text: rsa.export({ type: 'pkcs1', format: 'pem' }) },
    ])('with the key of a file in the form of distribution: $form', async ({ form, alg, text }) => {
      const keyFile = join(sandbox.folder, form);
      await writeFile(keyFile, text);
      const [image] = handmadeImages;
      const signersOf = async (program: RegistryProgram) => {
        const client = await start(withSchema1(program, keyFile), `${form}-${program.name}`);
        await pushImage({ client, repository: REPOSITORY }, 'v1', image!);
        const request = { method: 'GET', path: manifestPath(REPOSITORY, 'v1') };
        return readSignedManifest((await ask(client, request, [200])).body).signers;
      };
      const expected = await signersOf(dockerRegistry());
      expect(expected).toMatchObject([{ alg }]);
      expect(await signersOf(purser())).toEqual(expected);
    });
  });
});

async function pushLayers(client: RegistryClient): Promise<readonly [string, string]> {
  const target = { client, repository: REPOSITORY };
  return [
    await pushBytes(target, Buffer.from('a layer')),
    await pushBytes(target, Buffer.from('another layer')),
  ];
}
