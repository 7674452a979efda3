import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { isLayer, packageFiles, PEERS_BY_LAYER } from './package-files.ts';

const usage = `Makes packages/<name> of the common shape.

  npm run start -w tools/new-package -- <name> --layer <layer> --description <sentence>

  <name>     without the scope, such as storage-driver-s3
  --layer    ${Object.keys(PEERS_BY_LAYER).join(', ')}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { layer: { type: 'string' }, description: { type: 'string' } },
});
const [name] = positionals;

if (
  name === undefined ||
  !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) ||
  !isLayer(values.layer) ||
  !values.description
) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  const folder = join(import.meta.dirname, '../../../packages', name);
  const files = packageFiles({
    name,
    layer: values.layer,
    description: values.description,
  });
  for (const [path, content] of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { flag: 'wx' });
  }
  process.stdout.write(`Made packages/${name}. Next: npm install, then write src/index.ts.\n`);
}
