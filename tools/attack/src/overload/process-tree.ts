import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process and its children hold. Linux only: it reads `/proc`. */
export interface Holding {
  /** RAM of the largest process, in bytes. */
  readonly largest: number;
  /** RAM of all processes, in bytes. */
  readonly bytes: number;
  readonly sockets: number;
  /** Open files other than sockets. */
  readonly files: number;
}

export function holdingOf(pid: number): Holding {
  const each = treeOf(pid).map(holdingOfOne);
  const sum = (what: 'bytes' | 'sockets' | 'files') =>
    each.reduce((total, holding) => total + holding[what], 0);
  const largest = Math.max(...each.map(({ bytes }) => bytes));
  return { largest, bytes: sum('bytes'), sockets: sum('sockets'), files: sum('files') };
}

/** A process and its children. */
export function treeOf(pid: number): readonly number[] {
  const children = attempt(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')) ?? '';
  return [pid, ...children.split(' ').filter(Boolean).map(Number).flatMap(treeOf)];
}

function holdingOfOne(pid: number): Omit<Holding, 'largest'> {
  const status = attempt(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '';
  const kibibytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  const descriptors = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  const targets = descriptors.map((name) => attempt(() => readlinkSync(`/proc/${pid}/fd/${name}`)));
  const sockets = targets.filter((target) => target?.startsWith('socket:')).length;
  return { bytes: kibibytes * 1024, sockets, files: descriptors.length - sockets };
}

/** `undefined` when it fails: processes and descriptors end during the look. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
