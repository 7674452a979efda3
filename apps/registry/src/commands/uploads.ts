import { removeAbandonedFiles, type UnfinishedUpload } from '@purser/storage';
import { describeError } from '../observe/describe-error.ts';
import { openStorage } from './open-storage.ts';
import type { CommandProcess } from './serve.ts';
import { stopOnSignal } from './stop-on-signal.ts';

type StorageProcess = Pick<
  CommandProcess,
  'environment' | 'nextSignal' | 'writeError' | 'writeOutput'
>;

export interface ListUploadsArguments {
  readonly path: string | undefined;
  readonly json: boolean;
}

/**
 * Prints the uploads that were begun and neither finished nor cancelled: `purser uploads list [config.yml]`.
 *
 * @returns The exit status.
 * @throws ConfigurationError, StartError; Stopped.
 */
export async function listUploads(
  { path, json }: ListUploadsArguments,
  process: StorageProcess,
): Promise<number> {
  const signal = stopOnSignal(process);
  await using storage = await openStorage(path, process);
  let count = 0;
  for await (const upload of storage.registry.uploads({ signal })) {
    count++;
    process.writeOutput(json ? asJson(upload) : `${describe(upload)}\n`);
  }
  if (!json) process.writeOutput(`${count} unfinished uploads.\n`);
  return 0;
}

export interface PurgeUploadsArguments extends ListUploadsArguments {
  /** Milliseconds; as the configuration says when absent. */
  readonly olderThanMs: number | undefined;
  readonly dryRun: boolean;
}

/**
 * Removes uploads that nobody goes on with, and temporary files of processes that died:
 * `purser uploads purge [config.yml]`. It may run while the registry serves.
 *
 * @returns The exit status: 1 when something could not be removed.
 * @throws ConfigurationError, StartError; Stopped.
 */
export async function purgeUploads(
  { path, json, dryRun, olderThanMs }: PurgeUploadsArguments,
  process: StorageProcess,
): Promise<number> {
  const { writeOutput, writeError } = process;
  const signal = stopOnSignal(process);
  await using storage = await openStorage(path, process);
  const { age } = storage.config.storage.maintenance.uploadpurging;
  const options = { olderThanMs: olderThanMs ?? age, dryRun, signal };
  const count = { uploads: 0, files: 0, bytes: 0, failed: 0 };
  const onFailure = (upload: UnfinishedUpload, error: unknown) => {
    count.failed++;
    writeError(`${describe(upload)}: not removed: ${reasonOf(error)}\n`);
  };
  for await (const upload of storage.registry.purgeUploads({ ...options, onFailure })) {
    count.uploads++;
    count.bytes += upload.size;
    writeOutput(json ? asJson(upload) : `${describe(upload)}\n`);
  }
  for await (const file of removeAbandonedFiles(storage.driver, options)) {
    count.files++;
    count.bytes += file.size;
    writeOutput(json ? asJson({ path: file.path, size: file.size }) : `${file.path}\n`);
  }
  const { uploads, files, bytes } = count;
  const verb = dryRun ? 'Would remove' : 'Removed';
  if (!json) writeOutput(`${verb} ${uploads} uploads, ${files} temporary files, ${bytes} bytes.\n`);
  return count.failed > 0 ? 1 : 0;
}

function describe({ repository, id, startedAt, activeAt, size }: UnfinishedUpload): string {
  const start = startedAt === undefined ? 'start unknown' : `begun ${startedAt.toISOString()}`;
  return `${repository} ${id}: ${size} bytes, ${start}, last active ${activeAt.toISOString()}`;
}

function reasonOf(error: unknown): string {
  const { 'err.message': message, 'err.cause': cause } = describeError(error);
  return cause === undefined ? message : `${message} <- ${cause}`;
}

function asJson(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
