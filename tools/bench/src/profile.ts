import { readFile } from 'node:fs/promises';

/** What of a profile of V8 is read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  /** The node that ran at each look. */
  readonly samples: readonly number[];
  /** Microseconds since the look before. */
  readonly timeDeltas: readonly number[];
}

const IDLE = ['(idle)', '(program)', '(root)'];

/**
 * The functions in which most time was spent, themselves and not what they call.
 *
 * @param path A `.cpuprofile` file of Node.js.
 * @param count How many functions to name.
 */
export async function summarizeProfile(path: string, count: number): Promise<string> {
  const profile = JSON.parse(await readFile(path, 'utf8')) as CpuProfile;
  const times = selfTimes(profile);
  const busy = [...times].filter(([name]) => !IDLE.includes(name));
  const total = busy.reduce((sum, [, time]) => sum + time, 0);
  const lines = busy
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name, time]) => `${((100 * time) / total).toFixed(1).padStart(6)} %  ${name}`);
  const outside = IDLE.map((name) => `${name} ${((times.get(name) ?? 0) / 1e6).toFixed(2)} s`);
  return [`  busy ${(total / 1e6).toFixed(2)} s, ${outside.join(', ')}`, ...lines].join('\n');
}

function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): ReadonlyMap<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, frameName(callFrame)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return times;
}

function frameName({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']) {
  const name = functionName === '' ? '(anonymous)' : functionName;
  const file = url.split('/').slice(-3).join('/');
  return file === '' ? name : `${name}  ${file}:${lineNumber + 1}`;
}
