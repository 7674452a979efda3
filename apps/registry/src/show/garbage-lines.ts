import type { GarbageEvent, GarbageFound, GarbageObserver } from '@purser/storage';
import { formatDuration } from '../config/duration.ts';
import type { LinesWriter } from './lines-writer.ts';

/** Says what happens, for logs and pipes; in distribution's words where it has some. */
export function showGarbageLines(write: LinesWriter): GarbageObserver {
  let isFirstLook = true;
  return (event) => {
    if (event.kind === 'repository' && isFirstLook) write(`${event.name}\n`);
    if (event.kind === 'garbage') write(describeGarbage(event.garbage));
    if (event.kind !== 'phase') return;
    if (event.phase === 'mark-again') isFirstLook = false;
    write(describePhase(event));
  };
}

function describePhase({
  phase,
  total = 0,
  durationMs = 0,
}: Extract<GarbageEvent, { kind: 'phase' }>): string {
  switch (phase) {
    case 'mark':
      return 'Looking for what nothing needs, repository by repository.\n';
    case 'grace':
      return `${total} digests are garbage. Waiting ${formatDuration(durationMs)}: those that a client pushes or checks meanwhile are kept.\n`;
    case 'mark-again':
      return 'Looking again.\n';
    case 'sweep':
      return `Deleting ${total}.\n`;
  }
}

/** What goes of one digest, a line each; empty for what is not worth one. */
export function describeGarbage({ digest, bytes, links }: GarbageFound): readonly string[] {
  const lines = links.flatMap(({ repository, kind, name }) => {
    if (kind === 'manifest') return [`manifest eligible for deletion: ${repository}@${name}`];
    if (kind === 'blob') return [`${repository}: layer link eligible for deletion: ${name}`];
    return [];
  });
  if (bytes) lines.push(`blob eligible for deletion: ${digest}`);
  return lines;
}
