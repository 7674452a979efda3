import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RegistryStub } from './registry-stub.ts';
import { run } from './run-program.ts';
import { packageFolders, readManifest, WORKSPACE } from './workspace.ts';

export interface PublishablePackage {
  readonly name: string;
  /** Relative to the workspace. */
  readonly folder: string;
}

/** What npm tells of a package that it published. */
export interface PublishedPackage {
  readonly name: string;
  readonly version: string;
  /** Bytes of the tarball. */
  readonly size: number;
  /** Bytes of its files. */
  readonly unpackedSize: number;
  readonly entryCount: number;
}

/** Every package that is not private. */
export async function publishablePackages(): Promise<PublishablePackage[]> {
  const folders = [...(await packageFolders('packages')), ...(await packageFolders('apps'))];
  const packages = await Promise.all(
    folders.map(async (folder) => ({ folder, ...(await readManifest(folder)) })),
  );
  return packages.filter((manifest) => manifest.private !== true);
}

/** @throws Error when a package was not built. */
export async function requireBuilds(packages: readonly PublishablePackage[]): Promise<void> {
  for (const { folder } of packages) {
    await access(join(WORKSPACE, folder, 'dist/index.js')).catch(() => {
      throw new Error(`${folder} is not built: run npm run build first`);
    });
  }
}

/** An npm registry that keeps these packages, and knows all others from the one that npm is configured with. */
export async function startStub(packages: readonly PublishablePackage[]): Promise<RegistryStub> {
  const upstream = (await run('npm', ['config', 'get', 'registry'], { cwd: WORKSPACE })).trim();
  return RegistryStub.start({ names: packages.map(({ name }) => name), upstream });
}

/**
 * Publishes with npm, from the folders of the workspace.
 *
 * @param scratch A folder for the settings of npm, which wants a token even where none is asked for.
 */
export async function publish(
  packages: readonly PublishablePackage[],
  { stub, scratch }: { readonly stub: RegistryStub; readonly scratch: string },
): Promise<PublishedPackage[]> {
  const settings = join(scratch, 'publish.npmrc');
  await writeFile(settings, `//${stub.host}/:_authToken=anything\n`);
  const published: PublishedPackage[] = [];
  for (const { folder, name } of packages) {
    const output = await run('npm', ['publish', '--json', `--registry=${stub.url}`], {
      cwd: join(WORKSPACE, folder),
      environment: { NPM_CONFIG_USERCONFIG: settings },
    });
    const answer = JSON.parse(output) as PublishedPackage & Record<string, PublishedPackage>;
    // Within a workspace, npm tells it by name.
    published.push(answer[name] ?? answer);
  }
  return published;
}
