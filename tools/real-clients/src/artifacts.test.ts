import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needGoPrograms, type Run } from '@purser/external-programs';
import { purser, Sandbox } from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOras } from './artifact-tools.ts';
import { discover } from './artifact-tree.ts';
import {
  ARCHITECTURES,
  configOf,
  IMAGE_CONFIG,
  LAYER,
  SBOM,
  SIGNATURE,
  writeSampleFiles,
} from './sample-artifacts.ts';

const PLAIN = '--plain-http';
const BOTH_PLAIN = ['--from-plain-http', '--to-plain-http'];
const WITH_DIGEST = ['--format=go-template', '--template={{.digest}}'];
/** Building oras, where it is not there. */
const BUILD_LIMIT_MS = 900_000;

const programs = needGoPrograms('oras');

describe.skipIf(programs.isUnmet)(`artifacts${programs.note}`, () => {
  let sandbox: Sandbox;
  let oras: Run;
  let host: string;

  beforeAll(async () => {
    sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-artifacts-' });
    oras = await createOras(sandbox.folder);
    await writeSampleFiles(sandbox.folder);
    const registry = await sandbox.start(purser(), { root: 'root' });
    host = `127.0.0.1:${registry.port}`;
  }, BUILD_LIMIT_MS);

  afterAll(() => sandbox[Symbol.asyncDispose]());

  const folder = (name: string) => join(sandbox.folder, name);
  const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');
  const tagsOf = async (repository: string) =>
    linesOf(await oras('repo', 'tags', PLAIN, repository));
  const manifestOf = (reference: string) => oras('manifest', 'fetch', PLAIN, reference);

  /** @returns The digest of its manifest. */
  function pushImage(
    image: string,
    architecture: (typeof ARCHITECTURES)[number] = 'amd64',
  ): Promise<string> {
    const config = `--config=${configOf(architecture)}:${IMAGE_CONFIG}`;
    const annotation = '--annotation=org.opencontainers.image.version=1.0';
    const words = [PLAIN, ...WITH_DIGEST, config, annotation, image, `layer.tar.gz:${LAYER}`];
    return oras('push', ...words);
  }

  /** @returns The digest of its manifest. */
  function attach(type: string, image: string, ...options: readonly string[]): Promise<string> {
    const file = type === SBOM ? `sbom.json:${SBOM}` : 'signature.bin:application/octet-stream';
    const words = [PLAIN, ...WITH_DIGEST, `--artifact-type=${type}`, ...options, image, file];
    return oras('attach', ...words);
  }

  it('are attached to an image and found by type, with their annotations', async () => {
    const image = `${host}/oras/attached:1.0`;
    await pushImage(image);
    const signature = await attach(SIGNATURE, image, '--annotation=org.example.by=somebody');
    const sbom = await attach(SBOM, image, '--annotation=org.example.of=layers');

    const ofSignature = { 'org.example.by': 'somebody' };
    const ofSbom = { 'org.example.of': 'layers' };
    const found = await discover(oras, image);
    expect(found.map(({ digest }) => digest)).toEqual([signature, sbom].toSorted());
    expect(await discover(oras, image, `--artifact-type=${SIGNATURE}`)).toEqual([
      {
        digest: signature,
        artifactType: SIGNATURE,
        annotations: expect.objectContaining(ofSignature),
        referrers: [],
      },
    ]);
    expect(await discover(oras, image, `--artifact-type=${SBOM}`)).toEqual([
      {
        digest: sbom,
        artifactType: SBOM,
        annotations: expect.objectContaining(ofSbom),
        referrers: [],
      },
    ]);
    expect(await discover(oras, image, '--artifact-type=application/else')).toEqual([]);
  });

  it('are shown as a tree', async () => {
    const image = `${host}/oras/tree:1.0`;
    const digest = await pushImage(image);
    const sbom = await attach(SBOM, image);
    const signature = await attach(SIGNATURE, `${host}/oras/tree@${sbom}`);
    const lines = linesOf(await oras('discover', PLAIN, '--no-tty', image));
    const names = lines.map((line) => line.replace(/^[^a-z0-9[]*/, ''));
    expect(names.filter((name) => !/^\[|created/.test(name))).toEqual([
      `${host}/oras/tree@${digest}`,
      SBOM,
      sbom,
      SIGNATURE,
      signature,
    ]);
  });

  it('need no tag of their own, since the registry has the referrers API', async () => {
    const image = `${host}/oras/untagged:1.0`;
    await pushImage(image);
    await attach(SBOM, image);
    expect(await tagsOf(`${host}/oras/untagged`)).toEqual(['1.0']);
    const byApi = '--distribution-spec=v1.1-referrers-api';
    expect(await discover(oras, image, byApi)).toHaveLength(1);
  });

  it('come back byte for byte', async () => {
    const image = `${host}/oras/pulled:1.0`;
    await pushImage(image);
    const attached = [
      { digest: await attach(SIGNATURE, image), file: 'signature.bin' },
      { digest: await attach(SBOM, image), file: 'sbom.json' },
      { digest: '1.0', file: 'layer.tar.gz' },
    ];
    for (const { digest, file } of attached) {
      const reference = `${host}/oras/pulled${digest.startsWith('sha256') ? '@' : ':'}${digest}`;
      await oras('pull', PLAIN, `--output=${folder('pulled')}`, reference);
      const pulled = await readFile(join(folder('pulled'), file));
      expect(pulled.equals(await readFile(folder(file)))).toBe(true);
    }
  });

  it('are copied with their image, also what is attached to one of them', async () => {
    const [from, to] = [`${host}/oras/source`, `${host}/oras/copied`];
    const digest = await pushImage(`${from}:1.0`);
    const sbom = await attach(SBOM, `${from}:1.0`, '--annotation=org.example.of=layers');
    const nested = await attach(SIGNATURE, `${from}@${sbom}`);
    const signature = await attach(SIGNATURE, `${from}:1.0`);
    await oras('copy', '--recursive', '--no-tty', ...BOTH_PLAIN, `${from}:1.0`, `${to}:1.0`);

    const copied = await discover(oras, `${to}:1.0`);
    expect(copied).toEqual(await discover(oras, `${from}:1.0`));
    expect(copied.map((one) => one.digest)).toEqual([sbom, signature].toSorted());
    expect(copied.flatMap(({ referrers }) => referrers.map((one) => one.digest))).toEqual([nested]);
    for (const each of [digest, sbom, nested, signature]) {
      expect(await manifestOf(`${to}@${each}`)).toBe(await manifestOf(`${from}@${each}`));
    }
    expect(await tagsOf(to)).toEqual(['1.0']);
  });

  it('are copied with an index of several platforms, also those of its members', async () => {
    const [from, to] = [`${host}/oras/platforms`, `${host}/oras/platforms-copied`];
    for (const architecture of ARCHITECTURES) {
      await pushImage(`${from}:${architecture}`, architecture);
    }
    await oras('manifest', 'index', 'create', PLAIN, `${from}:1.0`, ...ARCHITECTURES);
    const signature = await attach(SIGNATURE, `${from}:1.0`);
    const sbom = await attach(SBOM, `${from}:1.0`, '--platform=linux/arm64');
    await oras('copy', '--recursive', '--no-tty', ...BOTH_PLAIN, `${from}:1.0`, `${to}:1.0`);

    expect(await discover(oras, `${to}:1.0`)).toMatchObject([{ digest: signature }]);
    const ofMember = (architecture: string) =>
      discover(oras, `${to}:1.0`, `--platform=linux/${architecture}`);
    expect(await ofMember('arm64')).toMatchObject([{ digest: sbom }]);
    expect(await ofMember('amd64')).toEqual([]);
    expect(await tagsOf(to)).toEqual(['1.0']);
  });

  it('are listed once when a client attached them with a tag, as for older registries', async () => {
    const image = `${host}/oras/fallback:1.0`;
    const digest = await pushImage(image);
    const sbom = await attach(SBOM, image, '--distribution-spec=v1.1-referrers-tag');
    const signature = await attach(SIGNATURE, image);
    expect(await tagsOf(`${host}/oras/fallback`)).toContain(digest.replace(':', '-'));
    const found = await discover(oras, image);
    expect(found.map((one) => one.digest)).toEqual([sbom, signature].toSorted());
  });

  it('are gone from the list once deleted, and stay when their image is', async () => {
    const repository = `${host}/oras/deleted`;
    const digest = await pushImage(`${repository}:1.0`);
    const sbom = await attach(SBOM, `${repository}:1.0`);
    const signature = await attach(SIGNATURE, `${repository}:1.0`);
    const remove = (reference: string) => oras('manifest', 'delete', PLAIN, '--force', reference);

    await remove(`${repository}@${sbom}`);
    await expect(manifestOf(`${repository}@${sbom}`)).rejects.toThrow('not found');
    expect(await discover(oras, `${repository}:1.0`)).toMatchObject([{ digest: signature }]);

    await remove(`${repository}@${digest}`);
    await expect(manifestOf(`${repository}:1.0`)).rejects.toThrow('not found');
    expect(await tagsOf(repository)).toEqual([]);
    expect(JSON.parse(await manifestOf(`${repository}@${signature}`))).toMatchObject({
      subject: { digest },
    });
  });
});
