import type { CopyEvent, CopyItem, CopyObserver, CopyPlan } from '@purser/client';
import type { LineSink } from '../observe/logger.ts';
import { formatCount, formatSize, shortDigest } from './sizes.ts';

/** A line for each thing that is done, for logs and pipes. */
export function showLines(write: LineSink): CopyObserver {
  return (event) => {
    const line = describeEvent(event);
    if (line !== undefined) write(`${line}\n`);
  };
}

function describeEvent(event: CopyEvent): string | undefined {
  switch (event.kind) {
    case 'planned':
      return describePlan(event.plan);
    case 'finished':
      return `${event.outcome} ${describeItem(event.item)}`;
    case 'tagged':
      return `tagged ${event.tag} ${event.digest}`;
    case 'started':
    case 'progress':
      return undefined;
  }
}

/** `3 blobs and 1 manifest to copy, 12 MB; 2 there already` */
export function describePlan({ items, copyBytes }: CopyPlan): string {
  const going = items.filter(({ action }) => action === 'copy');
  const present = items.filter(({ action }) => action === 'present').length;
  const blobs = formatCount(going.filter(({ kind }) => kind === 'blob').length, 'blob');
  const manifests = formatCount(going.filter(({ kind }) => kind === 'manifest').length, 'manifest');
  const there = present === 0 ? '' : `; ${present} there already`;
  return `${blobs} and ${manifests} to copy, ${formatSize(copyBytes)}${there}`;
}

export function describeItem({ kind, descriptor }: CopyItem): string {
  return `${kind} ${shortDigest(descriptor.digest)} ${formatSize(descriptor.size)}`;
}
