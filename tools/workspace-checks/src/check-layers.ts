import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCommandLine } from '@purser/registry-under-test';
import { checkInScratch } from './check-in-scratch.ts';
import { run } from './run-program.ts';
import { WORKSPACE } from './workspace.ts';

const usage = `Checks that lint of one package refuses an import against the layers, in a checkout where Nx never ran.

  npm run layers -w tools/workspace-checks
`;

const COPIED = [
  '.oxlintrc.json',
  'nx.json',
  'oxlint-layers.config.ts',
  'package-lock.json',
  'package.json',
  'tsconfig.base.json',
];
const PACKAGES = ['cache', 'core', 'storage', 'storage-driver'];
/** A service must not know the storage. */
const FORBIDDEN = "export { createRegistry } from '@purser/storage';\n";
const REFUSAL = 'A project tagged with "layer:service" can only depend on';

if (readCommandLine(usage, {})) await checkInScratch('purser-layers-', checkLayers);

async function checkLayers(scratch: string): Promise<string> {
  await createCheckout(scratch);
  await writeFile(join(scratch, 'packages/cache/src/forbidden.ts'), FORBIDDEN);
  const words = ['run', 'lint', '--workspace', 'packages/cache'];
  const failure: unknown = await run('npm', words, { cwd: scratch }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const { stdout = '' } = (failure ?? {}) as { readonly stdout?: string };
  if (!stdout.includes(REFUSAL)) {
    throw new Error(`lint does not refuse an import against the layers: ${stdout}`);
  }
  return 'lint of one package refuses an import against the layers, without a graph of Nx';
}

/** Makes a workspace of a few packages, with dependencies as npm installs them. */
async function createCheckout(folder: string): Promise<void> {
  const paths = [...COPIED, ...PACKAGES.map((name) => join('packages', name))];
  for (const path of paths) {
    await cp(join(WORKSPACE, path), join(folder, path), { recursive: true });
  }
  await mkdir(join(folder, 'node_modules/@purser'), { recursive: true });
  for (const name of PACKAGES) {
    await symlink(join(folder, 'packages', name), join(folder, 'node_modules/@purser', name));
  }
  const installed = await readdir(join(WORKSPACE, 'node_modules'));
  for (const name of installed.filter((other) => other !== '@purser')) {
    await symlink(join(WORKSPACE, 'node_modules', name), join(folder, 'node_modules', name));
  }
}
