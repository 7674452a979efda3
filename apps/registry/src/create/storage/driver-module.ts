import {
  DRIVER_CONTRACT_VERSION,
  DriverParameterError,
  type DriverFactory,
  type DriverParameters,
  type StorageDriver,
} from '@purser/storage-driver';
import { escapeControls } from '../../observe/escape.ts';
import { findDriverModule } from './find-driver-module.ts';
import { StartError } from '../start-error.ts';

/** A storage driver from elsewhere: `storage: { <name>: { module: <module>, <parameter>: … } }`. */
export interface DriverModule {
  /** The key below `storage`, for messages. */
  readonly name: string;
  /** The name of an npm package, or a path that begins with `./`, `../` or `/`. */
  readonly module: string;
  /** All that was written beside `module`, for the factory. */
  readonly parameters: DriverParameters;
}

export interface LoadDriverOptions {
  /**
   * Absolute directories, at least one: packages and paths are looked for from each in turn, and the operator is told
   * to install into the first.
   */
  readonly resolveFrom: readonly string[];
}

/**
 * Imports a module, and has the factory that it exports as `driverFactory` make a driver.
 *
 * @throws StartError when the module is not found, fails while it is imported, exports no factory, was written for
 * another version of the contract, refuses a parameter, fails, or makes no storage driver.
 */
export async function loadDriver(
  driverModule: DriverModule,
  options: LoadDriverOptions,
): Promise<StorageDriver> {
  return createDriver(await importFactory(driverModule, options), driverModule);
}

/**
 * Imports a module. No driver is made.
 *
 * @throws StartError as `loadDriver`, before the factory is asked.
 */
export async function importFactory(
  driverModule: DriverModule,
  { resolveFrom }: LoadDriverOptions,
): Promise<DriverFactory> {
  const { name, module } = driverModule;
  const key = `storage.${name}.module`;
  const url = await findDriverModule(module, { key, directories: resolveFrom });
  const exported = await importModule(driverModule, url);
  const factory = exported['driverFactory'];
  const fault = faultOfFactory(factory, exported);
  if (fault !== undefined) throw new StartError(`${key}: ${module} ${fault}`);
  return factory as DriverFactory;
}

/** Exports that a message shows: enough to recognise a package by. */
const MOST_NAMES = 10;

type Exports = Readonly<Record<string, unknown>>;

async function importModule({ name, module }: DriverModule, url: string): Promise<Exports> {
  try {
    return (await import(url)) as Exports;
  } catch (error) {
    const reason = firstLine(error);
    throw new StartError(`storage.${name}.module: ${module} fails when it is imported: ${reason}`, {
      cause: error,
    });
  }
}

function faultOfFactory(factory: unknown, exported: Exports): string | undefined {
  if (factory === undefined) {
    const names = Object.keys(exported);
    const shown = names.length > MOST_NAMES ? [...names.slice(0, MOST_NAMES), '…'] : names;
    return `exports no driverFactory, but ${shown.join(', ') || 'nothing'}; is it a storage driver?`;
  }
  const { contract, create } = (factory ?? {}) as Partial<Record<keyof DriverFactory, unknown>>;
  if (typeof contract !== 'number' || typeof create !== 'function') {
    return 'exports a driverFactory that is none: expected { contract, create }';
  }
  if (contract === DRIVER_CONTRACT_VERSION) return undefined;
  const side = contract < DRIVER_CONTRACT_VERSION ? 'a newer version of it' : 'a newer purser';
  return `keeps version ${contract} of the driver contract, and this purser has version ${DRIVER_CONTRACT_VERSION}: use ${side}`;
}

async function createDriver(
  factory: DriverFactory,
  { name, module, parameters }: DriverModule,
): Promise<StorageDriver> {
  const driver: unknown = await attempt(factory, parameters).catch((error: unknown) => {
    const problem = DriverParameterError.is(error)
      ? `storage.${name}.${error.parameter}: ${firstLine(error)}`
      : `storage.${name}: ${module} cannot make a driver: ${firstLine(error)}`;
    throw new StartError(escapeControls(problem), { cause: error });
  });
  const missing = missingMembers(driver);
  if (missing.length === 0) return driver as StorageDriver;
  throw new StartError(
    `storage.${name}: what ${module} makes is no storage driver: it lacks ${missing.join(', ')}`,
  );
}

/** So that a factory may also fail before it gives a promise. */
async function attempt(factory: DriverFactory, parameters: DriverParameters): Promise<unknown> {
  return factory.create(parameters);
}

type OptionalMember = 'create' | 'listAbandoned';

/** `create` may be absent: then the driver keeps no leases. */
const MEMBERS: Readonly<
  Record<Exclude<keyof StorageDriver, OptionalMember>, 'string' | 'function'>
> = {
  name: 'string',
  getContent: 'function',
  putContent: 'function',
  openReader: 'function',
  openWriter: 'function',
  stat: 'function',
  list: 'function',
  walk: 'function',
  move: 'function',
  delete: 'function',
  locate: 'function',
};

function missingMembers(driver: unknown): readonly string[] {
  const members = (driver ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(MEMBERS)
    .filter(([member, type]) => typeof members[member] !== type)
    .map(([member]) => member);
}

/** A message has to be one line, and that of a compiler or a parser may go on with others. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return escapeControls(text.trim().split('\n', 1)[0] ?? '');
}
