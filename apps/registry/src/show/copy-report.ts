import type { CopyPlan, CopyResult } from '@purser/client';
import { describeItem, describePlan } from './copy-lines.ts';
import { formatSize } from './sizes.ts';

/** What was copied from where, as the words of the command said it. */
export interface CopyRoute {
  readonly source: string;
  readonly target: string;
}

/** What a plan says, for people. */
export function planAsLines(plan: CopyPlan, { source, target }: CopyRoute): readonly string[] {
  const lines = plan.items.map((item) => `${item.action.padEnd(9)} ${describeItem(item)}`);
  const tags = plan.tags.map((tag) => `tag       ${tag} ${plan.digest}`);
  const summary = `${source} to ${target}, nothing was changed: ${describePlan(plan)}`;
  return [...lines, ...tags, summary];
}

/** The same, for programs: one JSON document. */
export function planAsJson(plan: CopyPlan, route: CopyRoute): string {
  const { digest, items, tags, totalBytes, copyBytes } = plan;
  return json({
    ...pick(route),
    dryRun: true,
    digest,
    tags,
    totalBytes,
    copyBytes,
    items: items.map(({ kind, action, descriptor }) => ({
      kind,
      action,
      digest: descriptor.digest,
      mediaType: descriptor.mediaType,
      size: descriptor.size,
    })),
  });
}

export function resultAsText(result: CopyResult, { source, target }: CopyRoute): string {
  const { copied, mounted, plan } = result;
  const present = plan.items.filter(({ action }) => action === 'present').length;
  const parts = [
    `${formatSize(copied.bytes)} sent`,
    ...(mounted.items > 0 ? [`${formatSize(mounted.bytes)} mounted`] : []),
    ...(present > 0 ? [`${present} of ${plan.items.length} items there already`] : []),
  ];
  return `Copied ${source} to ${target}: ${result.digest} (${parts.join(', ')})\n`;
}

export function resultAsJson(result: CopyResult, route: CopyRoute): string {
  const { digest, tags, copied, mounted, plan } = result;
  const { totalBytes } = plan;
  return json({ ...pick(route), digest, tags, totalBytes, copied, mounted });
}

function pick({ source, target }: CopyRoute): CopyRoute {
  return { source, target };
}

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
