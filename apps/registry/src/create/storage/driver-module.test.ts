import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { loadDriver, type DriverModule } from './driver-module.ts';

/** A driver that does nothing but tell what it was made with. */
const COMPLETE = `
  const names = ['getContent', 'putContent', 'openReader', 'openWriter', 'stat', 'list', 'walk', 'move', 'delete', 'locate'];
  const methods = Object.fromEntries(names.map((name) => [name, () => {}]));
  export const driverFactory = {
    contract: 1,
    create: async (parameters) => ({ name: 'sample', parameters, ...methods }),
  };
`;

/** A directory with a package that can be imported, but not required, and whose code is given. */
async function installPackage(code: string, name = 'purser-driver-sample') {
  const directory = await createTemporaryDirectory();
  const folder = join(directory.path, 'node_modules', name);
  await mkdir(folder, { recursive: true });
  const exports = { '.': { import: './driver.js' } };
  const manifest = { name, version: '1.0.0', type: 'module', exports };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'driver.js'), code);
  return directory;
}

const sample: DriverModule = { name: 'sample', module: 'purser-driver-sample', parameters: {} };

async function failureOf(code: string, parameters: DriverModule['parameters'] = {}) {
  await using directory = await installPackage(code);
  const options = { resolveFrom: [directory.path] };
  return await loadDriver({ ...sample, parameters }, options).then(
    () => expect.unreachable('the driver was loaded'),
    (error: unknown) => error as Error,
  );
}

describe('loadDriver', () => {
  it('has the factory of a package make a driver of the parameters', async () => {
    await using directory = await installPackage(COMPLETE);
    const parameters = { file: '/registry.db', pool: { size: 3 } };
    const options = { resolveFrom: [directory.path] };
    const driver = await loadDriver({ ...sample, parameters }, options);
    expect(driver).toMatchObject({ name: 'sample', parameters });
  });

  it('finds a package above the directory, and in a scope', async () => {
    await using directory = await installPackage(COMPLETE, '@scope/sample');
    const below = join(directory.path, 'etc/registry');
    await mkdir(below, { recursive: true });
    const driver = loadDriver({ ...sample, module: '@scope/sample' }, { resolveFrom: [below] });
    await expect(driver).resolves.toMatchObject({ name: 'sample' });
  });

  it('finds a file by its path, in the first directory that has it', async () => {
    await using empty = await createTemporaryDirectory();
    await using directory = await createTemporaryDirectory();
    const file = join(directory.path, 'drivers/sample.mjs');
    await mkdir(dirname(file));
    await writeFile(file, COMPLETE);
    const options = { resolveFrom: [empty.path, directory.path] };
    for (const module of ['./drivers/sample.mjs', file]) {
      const driver = await loadDriver({ ...sample, module }, options);
      expect(driver).toMatchObject({ name: 'sample' });
    }
  });

  it('tells how to install a package that is not there', async () => {
    await using directory = await createTemporaryDirectory();
    await using other = await createTemporaryDirectory();
    const module = '@scope/missing/driver';
    const options = { resolveFrom: [directory.path, other.path] };
    await expect(loadDriver({ ...sample, module }, options)).rejects.toMatchObject({
      name: 'StartError',
      message:
        `storage.sample.module: the package @scope/missing is not installed in ${directory.path} or ${other.path}` +
        `; npm install --prefix ${directory.path} @scope/missing`,
    });
  });

  it('tells where it looked for a file', async () => {
    await using directory = await createTemporaryDirectory();
    const options = { resolveFrom: [directory.path] };
    await expect(loadDriver({ ...sample, module: './missing.js' }, options)).rejects.toThrow(
      `storage.sample.module: no file ./missing.js in ${directory.path}`,
    );
  });

  it.each(['', 'node:fs', 'https://example.org/driver.js', 'data:text/javascript,0', '@scope'])(
    'refuses %j, which names neither a package nor a file',
    async (module) => {
      const loading = loadDriver({ ...sample, module }, { resolveFrom: ['/'] });
      await expect(loading).rejects.toMatchObject({ name: 'StartError' });
      await expect(loading).rejects.toThrow('expected the name of a package, or a path');
    },
  );

  it('tells what a package does not let anyone import', async () => {
    await using directory = await installPackage(COMPLETE);
    const module = 'purser-driver-sample/hidden';
    await expect(
      loadDriver({ ...sample, module }, { resolveFrom: [directory.path] }),
    ).rejects.toThrow(`storage.sample.module: ${module} cannot be imported: Package subpath`);
  });

  it.each([
    [
      'throw new Error("no\\nluck")',
      'storage.sample.module: purser-driver-sample fails when it is imported: no',
    ],
    [
      'export const Driver = 1, createDriver = 2',
      'storage.sample.module: purser-driver-sample exports no driverFactory, but Driver, createDriver; ' +
        'is it a storage driver?',
    ],
    ['', 'storage.sample.module: purser-driver-sample exports no driverFactory, but nothing;'],
    ['export * from "node:fs"', ', …; is it a storage driver?'],
    [
      'export const driverFactory = () => {}',
      'storage.sample.module: purser-driver-sample exports a driverFactory that is none: expected { contract, create }',
    ],
    [
      'export const driverFactory = null',
      'storage.sample.module: purser-driver-sample exports a driverFactory that is none',
    ],
    [
      'export const driverFactory = { contract: 2, create() {} }',
      'storage.sample.module: purser-driver-sample keeps version 2 of the driver contract, and this purser has ' +
        'version 1: use a newer purser',
    ],
    [
      'export const driverFactory = { contract: 0, create() {} }',
      'keeps version 0 of the driver contract, and this purser has version 1: use a newer version of it',
    ],
    [
      'export const driverFactory = { contract: 1, create() { throw new Error("the server is away") } }',
      'storage.sample: purser-driver-sample cannot make a driver: the server is away',
    ],
    [
      'export const driverFactory = { contract: 1, async create() { throw "nothing" } }',
      'storage.sample: purser-driver-sample cannot make a driver: nothing',
    ],
    [
      'export const driverFactory = { contract: 1, create: () => ({ name: "sample", stat() {}, list() {} }) }',
      'storage.sample: what purser-driver-sample makes is no storage driver: it lacks getContent, putContent, ' +
        'openReader, openWriter, walk, move, delete, locate',
    ],
    [
      'export const driverFactory = { contract: 1, create() {} }',
      'what purser-driver-sample makes is no storage driver: it lacks name, getContent',
    ],
  ])('says in one line what is wrong with %j', async (code, message) => {
    const failure = await failureOf(code);
    expect(failure).toMatchObject({ name: 'StartError' });
    expect(failure.message).toContain(message);
    expect(failure.message).not.toContain('\n');
  });

  it('says which parameter is wrong, whichever copy of the contract the driver has', async () => {
    const failure = await failureOf(`
      export const driverFactory = {
        contract: 1,
        create() {
          const error = new Error('expected the path of a file');
          error[Symbol.for('@purser/storage-driver/DriverParameterError')] = true;
          error.parameter = 'pool.file';
          throw error;
        },
      };
    `);
    expect(failure).toMatchObject({
      name: 'StartError',
      message: 'storage.sample.pool.file: expected the path of a file',
      cause: { parameter: 'pool.file' },
    });
  });
});
