import { InvalidArgumentError, type Command } from 'commander';
import { parseDuration } from '../config/duration.ts';
import { check } from './check.ts';
import { garbageCollect } from './garbage-collect.ts';
import type { Run } from './run.ts';
import type { CommandProcess } from './serve.ts';
import { listUploads, purgeUploads } from './uploads.ts';

/** Adds the commands that work on the storage of a registry: garbage, uploads, check. */
export function addStorageCommands(program: Command, process: CommandProcess, run: Run): void {
  addGarbageCollect(program, process, run);
  addUploads(program, process, run);
  addCheck(program, process, run);
}

interface CheckFlags {
  readonly deep?: boolean;
  readonly repair?: boolean;
  readonly json?: boolean;
  readonly rate: number;
}

function addCheck(program: Command, process: CommandProcess, run: Run): void {
  program
    .command('check [config.yml]')
    .description(
      'Find what is broken in storage, and which images it hurts; the registry may be running.',
    )
    .option('--deep', 'read every blob, and compare its bytes with its digest')
    .option('--rate <MiB>', 'the most that is read in a second; 0 for no bound', wholeNumber, 64)
    .option('--repair', 'put aside what is broken; the next push of the same content heals it')
    .option('--json', 'a JSON document for each finding, one a line')
    .addHelpText(
      'after',
      '\nThe exit status is 0 when storage is sound, and 1 when anything is damaged.',
    )
    .action((path: string | undefined, flags: CheckFlags) => {
      const { deep = false, repair = false, json = false, rate: rateMib } = flags;
      return run(() => check({ path, deep, repair, json, rateMib }, process));
    });
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number, 0 or more');
}

interface GarbageFlags {
  readonly dryRun?: boolean;
  readonly offline?: boolean;
  readonly deleteUntagged?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly grace?: number;
}

function addGarbageCollect(program: Command, process: CommandProcess, run: Run): void {
  program
    .command('garbage-collect [config.yml]')
    .description('Delete what no manifest needs; the registry may be running, see --grace.')
    .option('-d, --dry-run', 'say what would be deleted, and change nothing')
    .option('-m, --delete-untagged', 'also manifests that no tag, index or subject keeps')
    .option('-q, --quiet', 'print nothing but problems')
    .option('--json', 'print a JSON document at the end, and nothing else')
    .option('--offline', 'nothing else uses the storage: delete at once, without any grace')
    .option(
      '--grace <duration>',
      'how long pushes can rely on what they were told is here; 1h while clients push. Default and least: 2s',
      graceMs,
    )
    .action((path: string | undefined, flags: GarbageFlags) => {
      const { dryRun = false, offline = false, deleteUntagged = false } = flags;
      const { quiet = false, json = false, grace } = flags;
      const options = { path, dryRun, offline, deleteUntagged, quiet, json, graceMs: grace };
      return run(() => garbageCollect(options, process));
    });
}

interface UploadFlags {
  readonly json?: boolean;
  readonly olderThan?: number;
  readonly dryRun?: boolean;
}

function addUploads(program: Command, process: CommandProcess, run: Run): void {
  const uploads = program
    .command('uploads')
    .description('See to uploads that were begun and not finished.');
  uploads
    .command('list [config.yml]')
    .description('Print every unfinished upload.')
    .option('--json', 'a JSON document for each, one a line')
    .action((path: string | undefined, { json = false }: UploadFlags) =>
      run(() => listUploads({ path, json }, process)),
    );
  uploads
    .command('purge [config.yml]')
    .description('Remove uploads that nobody goes on with; the registry may be running.')
    .option(
      '--older-than <duration>',
      'left alone for so long, as 24h; default: storage.maintenance.uploadpurging.age, a week',
      durationMs,
    )
    .option('-n, --dry-run', 'say what would be removed, and change nothing')
    .option('--json', 'a JSON document for each, one a line')
    .action((path: string | undefined, flags: UploadFlags) => {
      const { json = false, dryRun = false, olderThan: olderThanMs } = flags;
      return run(() => purgeUploads({ path, json, dryRun, olderThanMs }, process));
    });
}

function graceMs(text: string): number {
  const duration = durationMs(text);
  if (duration >= 2000) return duration;
  throw new InvalidArgumentError('expected 2s or more: no push ends in less');
}

function durationMs(text: string): number {
  const duration = parseDuration(text);
  if (duration !== undefined && duration >= 0) return duration;
  throw new InvalidArgumentError('expected a duration such as 24h or 1h30m');
}
