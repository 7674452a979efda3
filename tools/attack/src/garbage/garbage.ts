import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { purser, readCommandLine, Sandbox } from '@purser/registry-under-test';
import { makeLargeRoot } from '../dear-requests/large-root.ts';
import { fail, say, type Scenario } from '../scenario.ts';
import { peakMemory } from './peak-memory.ts';

const usage = `Collects garbage in a storage with many referrers of one manifest, many tags of one manifest, and manifests of many
references, and checks it. Measures the memory of each command.

  npm run attack -- garbage [options]

  --referrers <n>   referrers of one manifest; default 200000
  --tags <n>        tags of one manifest; default 100000
  --manifests <n>   manifests of many references; default 100
  --references <n>  references of each of them; default 33000
  --bound <n>       MiB that a command may take; default 300
  --built           runs what npm run build made
  --folder <path>   makes the storage below it; default the folder of temporary files

Exit status 1 when a command takes more memory, or fails. A short run: --referrers 2000 --tags 1000 --manifests 4
`;

const DEFAULTS = {
  referrers: 200_000,
  tags: 100_000,
  manifests: 100,
  references: 33_000,
  bound: 300,
  built: false,
  folder: tmpdir(),
};

const POLL_MS = 50;

/** The lists that clients can make long must not fill the memory of a collection or a check. */
export const garbage: Scenario = {
  summary: 'many referrers, tags and references against the memory of collections and checks',
  async run(parameters) {
    const options = readCommandLine(usage, DEFAULTS, parameters);
    if (options === undefined) return;
    await using sandbox = await Sandbox.create({
      parent: options.folder,
      prefix: 'purser-attack-',
    });
    const root = join(sandbox.folder, 'root');
    await makeLargeRoot(root, { ...options, repositories: 0 });
    const configuration = join(sandbox.folder, 'config.yml');
    const storage = { filesystem: { rootdirectory: root }, delete: { enabled: true } };
    const document = { version: '0.1', storage, http: { addr: '127.0.0.1:0' } };
    await writeFile(configuration, JSON.stringify(document));
    const { command, parameters: serve } = purser({ isBuilt: options.built });
    const program = [command, ...serve.slice(0, -1)];
    const collect = ['garbage-collect', '--quiet', '--offline', configuration];
    // References to missing content are damage.
    await measure([...program, 'check', configuration], { ...options, status: 1 });
    await measure([...program, ...collect], { ...options, status: 0 });
    await measure([...program, ...collect, '--delete-untagged'], { ...options, status: 0 });
  },
};

async function measure(
  [command = '', ...words]: readonly string[],
  { bound, status }: { readonly bound: number; readonly status: number },
): Promise<void> {
  const startedAt = performance.now();
  const child = spawn(command, words, { stdio: 'ignore' });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    peak = Math.max(peak, await peakMemory(child.pid));
    await wait(POLL_MS);
  }
  const [code] = await exit;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const title = words.filter((word) => !word.includes('/')).join(' ');
  say(`${title}: ${peak.toFixed(0)} MiB, ${seconds} s, exit status ${code}`);
  if (code !== status) fail(`${title} ended with ${code}; expected ${status}`);
  if (peak > bound) fail(`${title} took ${peak.toFixed(0)} MiB; at most ${bound} are allowed`);
}
