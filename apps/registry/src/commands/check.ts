import { checkStorage, isDamage, type Finding } from '@purser/storage';
import { requiredReferences } from '../create/storage/required-references.ts';
import { showCheckBars } from '../show/check-bars.ts';
import { showCheckLines } from '../show/check-lines.ts';
import { openStorage } from './open-storage.ts';
import type { CommandProcess } from './serve.ts';
import { stopOnSignal } from './stop-on-signal.ts';

export interface CheckArguments {
  readonly path: string | undefined;
  readonly deep: boolean;
  readonly repair: boolean;
  readonly json: boolean;
  /** MiB; 0 for no bound. */
  readonly rateMib: number;
}

const MIB = 1024 * 1024;

/**
 * Looks for what is broken in storage, and tells which images it hurts: `purser check [config.yml]`.
 *
 * @returns The exit status: 0 when storage is sound, 1 when it is damaged, repaired or not.
 * @throws ConfigurationError, StartError; Stopped.
 */
export async function check(
  { path, deep, repair, json, rateMib }: CheckArguments,
  process: Pick<
    CommandProcess,
    'environment' | 'nextSignal' | 'writeError' | 'writeOutput' | 'terminal'
  >,
): Promise<number> {
  const { writeOutput, writeError, terminal } = process;
  const signal = stopOnSignal(process);
  await using storage = await openStorage(path, process);
  const { driver, decoder, config } = storage;
  writeError(`Checking ${deep ? 'every blob, byte by byte' : 'links and manifests'}.\n`);
  const show =
    terminal === undefined || json ? showCheckLines(writeError) : showCheckBars(terminal.stream);
  let looked = 0;
  const count = { damaged: 0, restored: 0, aside: 0, strays: 0 };
  const findings = checkStorage({
    driver,
    decoder,
    references: requiredReferences(config),
    deep,
    repair,
    signal,
    bytesPerSecond: rateMib === 0 ? Infinity : rateMib * MIB,
    onProgress(progress) {
      looked = progress.blobs;
      show.onProgress(progress);
    },
  });
  try {
    for await (const finding of findings) {
      add(count, finding);
      show.interrupt(() => writeOutput(json ? JSON.stringify(finding) : describe(finding)));
    }
  } finally {
    show.stop();
  }
  if (!json) writeOutput(`${summarize(count, repair)} Looked at ${looked} blobs.\n`);
  return count.damaged > 0 ? 1 : 0;
}

interface Count {
  damaged: number;
  restored: number;
  aside: number;
  strays: number;
}

function add(count: Count, finding: Finding): void {
  if (!isDamage(finding)) count.strays++;
  else count.damaged++;
  if (finding.repair?.isRestored) count.restored++;
  else if (finding.repair !== undefined) count.aside++;
}

function summarize({ damaged, restored, aside, strays }: Count, repair: boolean): string {
  const verdict = damaged === 0 ? 'Sound.' : `${damaged} things are damaged.`;
  const repaired = repair ? ` ${restored} restored, ${aside} put into quarantine.` : '';
  return `${verdict}${repaired} ${strays} files belong to no registry.`;
}

function describe({ path, problem, digests, images, repair }: Finding): readonly string[] {
  const lines = [`${path}: ${problem}${digests.length > 0 ? `: ${digests.join(', ')}` : ''}`];
  for (const { repository, digest, tags } of images) {
    const names = tags.map((tag) => `${repository}:${tag}`);
    lines.push(`  hurts ${[...names, `${repository}@${digest}`].join(', ')}`);
  }
  if (repair !== undefined) {
    const healed = repair.isRestored ? 'restored' : 'push it again';
    lines.push(`  put into quarantine: ${repair.quarantine}; ${healed}`);
  }
  return lines;
}
