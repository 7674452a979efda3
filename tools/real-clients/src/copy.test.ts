import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  contentOf,
  createContainerTools,
  misnamed,
  needGoPrograms,
  needPrograms,
  type ContainerTools,
  type Run,
} from '@purser/external-programs';
import { purser, Sandbox } from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOras, createPurser } from './artifact-tools.ts';
import { discover } from './artifact-tree.ts';
import { blobsIn, namesIn } from './layout-directory.ts';
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
const SOURCE_PLAIN = '--src-tls-verify=false';
const TARGET_PLAIN = '--dest-tls-verify=false';
const WITH_DIGEST = ['--format=go-template', '--template={{.digest}}'];
/** Building oras, where it is not there. */
const BUILD_LIMIT_MS = 900_000;

const [system, go] = [needPrograms('skopeo'), needGoPrograms('oras')];
const isUnmet = system.isUnmet || go.isUnmet;

/** An image for two platforms, a signature of it, an SBOM of one member, and a signature of that. */
describe.skipIf(isUnmet)(`purser copy${system.note}${go.note}`, () => {
  let sandbox: Sandbox;
  let oras: Run;
  let copy: Run;
  let tools: ContainerTools;
  /** The image, and a second registry. */
  let source: string;
  let other: string;
  const folder = (name: string) => join(sandbox.folder, name);

  beforeAll(async () => {
    sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-copy-' });
    oras = await createOras(sandbox.folder);
    tools = createContainerTools(sandbox.folder);
    const command = createPurser(sandbox.folder);
    copy = (...words) => command('copy', ...words);
    await writeSampleFiles(sandbox.folder);
    const [first, second] = [
      await sandbox.start(purser(), { root: 'first' }),
      await sandbox.start(purser(), { root: 'second' }),
    ];
    other = `127.0.0.1:${second.port}`;
    source = `127.0.0.1:${first.port}/copy/image:1.0`;
    await pushImage(source.replace(':1.0', ''));
  }, BUILD_LIMIT_MS);

  afterAll(() => sandbox[Symbol.asyncDispose]());

  async function pushImage(repository: string): Promise<void> {
    for (const architecture of ARCHITECTURES) {
      const config = `--config=${configOf(architecture)}:${IMAGE_CONFIG}`;
      const words = [PLAIN, config, `${repository}:${architecture}`, `layer.tar.gz:${LAYER}`];
      await oras('push', ...words);
    }
    await oras('manifest', 'index', 'create', PLAIN, `${repository}:1.0`, ...ARCHITECTURES);
    await attach(SIGNATURE, `${repository}:1.0`);
    const sbom = await attach(SBOM, `${repository}:1.0`, '--platform=linux/arm64');
    await attach(SIGNATURE, `${repository}@${sbom}`);
  }

  /** @returns The digest of its manifest. */
  function attach(type: string, image: string, ...options: readonly string[]): Promise<string> {
    const file = type === SBOM ? `sbom.json:${SBOM}` : 'signature.bin:application/octet-stream';
    const words = [PLAIN, ...WITH_DIGEST, `--artifact-type=${type}`, ...options, image, file];
    return oras('attach', ...words);
  }

  it('makes the layout that skopeo makes, byte for byte', async () => {
    const [theirs, ours] = [folder('skopeo'), folder('ours')];
    await tools.skopeo('copy', '--all', SOURCE_PLAIN, `docker://${source}`, `oci:${theirs}:1.0`);
    await copy(source, `oci:${ours}:1.0`);
    const blobs = await blobsIn(ours);
    expect(blobs.size).toBe(1 + 2 * 2 + 1);
    expect([...blobs].filter(([name, sha256]) => name !== sha256)).toEqual([]);
    expect(blobs).toEqual(await blobsIn(theirs));
    expect(await namesIn(ours)).toEqual(await namesIn(theirs));
  });

  it('brings the blobs that oras brings with all referrers, where oras finds them', async () => {
    const recursive = ['--recursive', '--no-tty', '--from-plain-http', '--to-oci-layout'];
    await oras('copy', ...recursive, source, `${folder('oras')}:1.0`);
    await copy('--referrers', source, `oci:${folder('all')}:1.0`);
    const blobs = await blobsIn(folder('all'));
    // The signatures are of the same bytes, and share their config with the SBOM.
    expect(blobs.size).toBe(6 + 3 + 2 + 1);
    expect(blobs).toEqual(await blobsIn(folder('oras')));

    const inLayout = ['--oci-layout', `${folder('all')}:1.0`];
    const found = JSON.parse(await oras('discover', '--format=json', ...inLayout)) as {
      readonly referrers: readonly { readonly artifactType: string }[];
    };
    expect(found.referrers.map(({ artifactType }) => artifactType)).toEqual([SIGNATURE]);
  });

  it('goes from registry to layout to archive to another registry, and is what oras copies', async () => {
    const archive = `oci-archive:${folder('image.tar')}:1.0`;
    const [ours, theirs] = [`${other}/ours/image:1.0`, `${other}/theirs/image:1.0`];
    await copy('-r', source, `oci:${folder('step')}:1.0`);
    await copy('-r', `oci:${folder('step')}:1.0`, archive);
    await copy('-r', archive, ours);
    const plain = ['--from-plain-http', '--to-plain-http'];
    await oras('copy', '--recursive', '--no-tty', ...plain, source, theirs);

    for (const platform of [[], ['--platform=linux/amd64'], ['--platform=linux/arm64']]) {
      const expected = await discover(oras, source, ...platform);
      expect(await discover(oras, ours, ...platform)).toEqual(expected);
      expect(await discover(oras, theirs, ...platform)).toEqual(expected);
    }
    await oras(
      'copy',
      '-r',
      '--no-tty',
      '--from-plain-http',
      '--to-oci-layout',
      ours,
      `${folder('again')}:1.0`,
    );
    expect(await blobsIn(folder('again'))).toEqual(await blobsIn(folder('step')));
    expect(await oras('repo', 'tags', PLAIN, ours.replace(':1.0', ''))).toBe('1.0');
  });

  it('reads what skopeo wrote, and writes what skopeo reads', async () => {
    const [theirs, ours] = [folder('theirs.tar'), folder('ours.tar')];
    await tools.skopeo(
      'copy',
      '--all',
      SOURCE_PLAIN,
      `docker://${source}`,
      `oci-archive:${theirs}:1.0`,
    );
    await copy(`oci-archive:${theirs}:1.0`, `oci-archive:${ours}:2.0`);
    const [before, after] = [folder('before'), folder('after')];
    await tools.skopeo('copy', '--all', SOURCE_PLAIN, `docker://${source}`, `dir:${before}`);
    await tools.skopeo('copy', '--all', `oci-archive:${ours}:2.0`, `dir:${after}`);
    const content = await contentOf(after);
    expect(content).toEqual(await contentOf(before));
    expect(misnamed(content)).toEqual([]);
  });

  it('copies the platform that skopeo would', async () => {
    const [theirs, ours] = [folder('arm64-theirs'), folder('arm64-ours')];
    const arm64 = '--override-arch=arm64';
    await tools.skopeo(arm64, 'copy', SOURCE_PLAIN, `docker://${source}`, `oci:${theirs}:1.0`);
    await copy('--platform=linux/arm64', source, `oci:${ours}:1.0`);
    expect(await blobsIn(ours)).toEqual(await blobsIn(theirs));
    expect(await namesIn(ours)).toEqual(await namesIn(theirs));
  });

  it('takes what skopeo pushes from its layouts, and the other way round', async () => {
    const layout = `oci:${folder('back')}:1.0`;
    await copy(source, layout);
    await tools.skopeo('copy', '--all', TARGET_PLAIN, layout, `docker://${other}/skopeo:1.0`);
    await copy(`${other}/skopeo:1.0`, `oci:${folder('forth')}:1.0`);
    expect(await blobsIn(folder('forth'))).toEqual(await blobsIn(folder('back')));
    const index = await readFile(join(folder('forth'), 'index.json'), 'utf8');
    expect(index).toBe(await readFile(join(folder('back'), 'index.json'), 'utf8'));
  });

  it('sends nothing a second time', async () => {
    const words = ['-r', '--json', source, `${other}/twice:1.0`];
    expect(JSON.parse(await copy(...words))).toMatchObject({ copied: { items: 12 } });
    expect(JSON.parse(await copy(...words))).toMatchObject({ copied: { items: 0, bytes: 0 } });
  });
});
