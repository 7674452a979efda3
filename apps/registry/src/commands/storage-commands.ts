import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseDuration } from '../config/duration.ts';
import type { Run } from './run.ts';
import type { CommandProcess } from './serve.ts';

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
      return run(async () => {
        const { check } = await import('./check.ts');
        return check({ path, deep, repair, json, rateMib }, process);
      });
    });
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number, 0 or more');
}

const GARBAGE_HELP = `
Examples:
  purser garbage-collect --dry-run config.yml     what would be deleted
  purser garbage-collect config.yml               while the registry serves: waits for the grace period, then deletes
  purser garbage-collect --offline config.yml     after the registry was stopped: deletes at once

Flags may have a value, as in distribution: --delete-untagged=true, --dry-run=false.
`;

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
    .description('Delete content that no manifest references. The registry may be running.')
    .option('-d, --dry-run', 'print what would be deleted, and change nothing')
    .option('-m, --delete-untagged', 'also delete manifests without a tag, an index or a subject')
    .option('-q, --quiet', 'print nothing but problems')
    .option('--json', 'print one JSON document at the end, and nothing else')
    .addOption(
      new Option(
        '--offline',
        'delete at once, without a grace period; only if nothing else uses the storage',
      ).conflicts('grace'),
    )
    .option(
      '--grace <duration>',
      'keep content that was pushed or checked within this time; longer than your slowest push, at least 2s. Default: storage.gc.grace of the file, or 1h',
      graceMs,
    )
    .addHelpText('after', GARBAGE_HELP)
    .action((path: string | undefined, flags: GarbageFlags) => {
      const { dryRun = false, offline = false, deleteUntagged = false } = flags;
      const { quiet = false, json = false, grace } = flags;
      const options = { path, dryRun, offline, deleteUntagged, quiet, json, graceMs: grace };
      return run(async () => {
        const { garbageCollect } = await import('./garbage-collect.ts');
        return garbageCollect(options, process);
      });
    });
}

interface UploadFlags {
  readonly json?: boolean;
  readonly olderThan?: number;
  readonly dryRun?: boolean;
}

function addUploads(program: Command, process: CommandProcess, run: Run): void {
  const uploads = program.command('uploads').description('List or remove unfinished uploads.');
  uploads
    .command('list [config.yml]')
    .description('Print every unfinished upload.')
    .option('--json', 'a JSON document for each, one a line')
    .action((path: string | undefined, { json = false }: UploadFlags) =>
      run(async () => {
        const { listUploads } = await import('./uploads.ts');
        return listUploads({ path, json }, process);
      }),
    );
  uploads
    .command('purge [config.yml]')
    .description('Remove uploads that were not resumed. The registry may be running.')
    .option(
      '--older-than <duration>',
      'left alone for so long, as 24h; default: storage.maintenance.uploadpurging.age, a week',
      durationMs,
    )
    .option('-n, --dry-run', 'say what would be removed, and change nothing')
    .option('--json', 'a JSON document for each, one a line')
    .action((path: string | undefined, flags: UploadFlags) => {
      const { json = false, dryRun = false, olderThan: olderThanMs } = flags;
      return run(async () => {
        const { purgeUploads } = await import('./uploads.ts');
        return purgeUploads({ path, json, dryRun, olderThanMs }, process);
      });
    });
}

function graceMs(text: string): number {
  const duration = durationMs(text);
  if (duration >= 2000) return duration;
  throw new InvalidArgumentError('expected 2s or more; --offline deletes at once');
}

function durationMs(text: string): number {
  const duration = parseDuration(text);
  if (duration !== undefined && duration >= 0) return duration;
  throw new InvalidArgumentError('expected a duration such as 24h or 1h30m');
}
