import {
  parsePlatform,
  planCopy,
  runCopy,
  type CopyObserver,
  type CopyPlan,
  type CopyRequest,
} from '@purser/client';
import { RegistryError, type RepositoryName } from '@purser/core';
import { createImageDecoder } from '../places/image-decoder.ts';
import { openSource, openTarget, referenceOf, type OpenTarget } from '../places/open-place.ts';
import type { RegistryAccess } from '../places/open-registry.ts';
import { parsePlace, type Place } from '../places/place.ts';
import { showBars } from '../show/copy-bars.ts';
import { showLines } from '../show/copy-lines.ts';
import { planAsJson, planAsLines, resultAsJson, resultAsText } from '../show/copy-report.ts';
import type { CommandProcess } from './serve.ts';
import { stopOnSignal } from './stop-on-signal.ts';

export interface CopyArguments {
  readonly source: string;
  readonly target: string;
  readonly platform?: string | undefined;
  readonly referrers?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly concurrency?: number | undefined;
  readonly sourceAccess: RegistryAccess;
  readonly targetAccess: RegistryAccess;
}

/**
 * Copies an image: `purser copy SRC DST`.
 *
 * @returns The exit status.
 * @throws RegistryError; Stopped.
 */
export async function copyImage(words: CopyArguments, process: CommandProcess): Promise<number> {
  const [source, target] = [parsePlace(words.source), parsePlace(words.target)];
  const platform = words.platform === undefined ? undefined : parsePlatform(words.platform);
  const { concurrency, referrers } = words;
  if (words.quiet !== true && words.json !== true) {
    process.writeError(`Copying ${source.text} to ${target.text}\n`);
  }
  const signal = stopOnSignal(process);
  const decoder = createImageDecoder();
  await using from = await openSource(source, { decoder, access: words.sourceAccess, signal });
  const reference = await referenceOf(source, from.repository);
  await using to = await openTarget(target, { decoder, access: words.targetAccess, signal });
  const request: CopyRequest = {
    from: from.repository,
    reference,
    to: to.repository,
    tags: to.tags,
    platform,
    referrers,
    mountFrom: nameInTarget(source, target),
  };
  const plan = await planCopy(request, { concurrency, signal });
  checkDigest(target, plan);
  process.writeOutput(
    words.dryRun === true
      ? (words.json === true ? planAsJson : planAsLines)(plan, words)
      : await carryOut(plan, { words, to, process, signal }),
  );
  return 0;
}

interface CarryOut {
  readonly words: CopyArguments;
  readonly to: OpenTarget;
  readonly process: CommandProcess;
  readonly signal: AbortSignal;
}

/** @returns What to say of it. */
async function carryOut(plan: CopyPlan, { words, to, process, signal }: CarryOut): Promise<string> {
  const progress = showProgress(words, process);
  try {
    const { concurrency } = words;
    const result = await runCopy(plan, { concurrency, signal, observer: progress.observer });
    await to.finish(result.digest, { signal });
    return (words.json === true ? resultAsJson : resultAsText)(result, words);
  } finally {
    progress.stop();
  }
}

function showProgress(
  { quiet = false, json = false }: CopyArguments,
  { terminal, writeError }: CommandProcess,
): { readonly observer: CopyObserver; readonly stop: () => void } {
  if (quiet) return { observer: () => {}, stop: () => {} };
  if (terminal !== undefined) return showBars(terminal.stream);
  // What programs read on one stream, people may still follow on the other.
  return { observer: json ? () => {} : showLines(writeError), stop: () => {} };
}

/** Within one registry, blobs are mounted from where they are. */
function nameInTarget(source: Place, target: Place): RepositoryName | undefined {
  if (source.kind !== 'registry' || target.kind !== 'registry') return undefined;
  return source.domain === target.domain && source.path !== target.path ? source.path : undefined;
}

function checkDigest({ digest, text }: Place, plan: CopyPlan): void {
  if (digest === undefined || digest === plan.digest) return;
  throw new RegistryError('DIGEST_INVALID', {
    message: `${text} cannot name what is copied, which is ${plan.digest}: give a tag, or no digest`,
  });
}
