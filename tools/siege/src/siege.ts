import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  purser,
  readCommandLine,
  Sandbox,
  versionOf,
  withSettings,
  type OptionValues,
  type RegistryProcess,
} from '@purser/registry-under-test';
import { assault, ATTACKS_AGAIN, type AssaultReport } from './assault.ts';
import type { Attack } from './attack.ts';
import { describeLatency, ratioOf } from './measure.ts';
import { OrdinaryClient } from './ordinary-client.ts';
import type { Holding } from './process-tree.ts';
import { uploadsLeft } from './uploads-left.ts';
import { failuresOf } from './verdict.ts';

const MEBIBYTE = 1024 * 1024;

const usage = `Besieges a registry, by one attack after the other, and measures how an ordinary client is served before, meanwhile and
afterwards: connections that say nothing, uploads that send a kilobyte in five seconds, headers without an end.

  npm start -w tools/siege -- [options]

  --connections <n>  idle connections; default 10000; 0 leaves them out
  --uploads <n>      slow uploads at a time; default 2000; 0 leaves them out
  --flood-mib <n>    headers, in MiB; default 1024; 0 leaves them out
  --flooders <n>     connections that send them at a time; default 16
  --seconds <n>      that the client is measured before, during and after each attack; default 30
  --workers <n>      of the server, http.workers; default 0, one process
  --slower <n>       times its normal latency that the client may wait; default 3. A machine that does other things
                     while the siege lasts needs more
  --seed <n>         of the content; default 1
  --built            runs what npm run build made
  --folder <path>    where to store; default the system's temporary folder

Exit status 1 when the server ended, kept the client waiting for too long, or did not let
go of what the attack took.
`;

const DEFAULTS = {
  connections: 10_000,
  uploads: 2_000,
  'flood-mib': 1024,
  flooders: 16,
  seconds: 30,
  workers: 0,
  slower: 3,
  seed: 1,
  built: false,
  folder: tmpdir(),
};

type Options = OptionValues<typeof DEFAULTS>;
type Plan = Omit<Attack, 'address' | 'port'>;

/** Descriptors that processes need beside those of the attack. */
const SPARE_DESCRIPTORS = 500;
/** Connections of one attacker: less than it may open, and than an address has ports. */
const MOST_OF_ONE_ATTACKER = 5_000;
const RECOVERY_SECONDS = 30;
const PAUSE_MS = 20;

const options = readCommandLine(usage, DEFAULTS);
if (options !== undefined) await run(options);

async function run(given: Options): Promise<void> {
  const needed = Math.max(given.connections, 2 * given.uploads) + SPARE_DESCRIPTORS;
  const allowed = Number(execFileSync('sh', ['-c', 'ulimit -Hn']).toString().trim());
  // Not a number when there is no limit.
  if (allowed < needed) {
    return fail(
      `a process may open ${allowed} files, and the siege needs ${needed}: ulimit -n ${needed}`,
    );
  }
  const workers = given.workers > 0 ? { REGISTRY_HTTP_WORKERS: String(given.workers) } : {};
  const program = withSettings(purser({ isBuilt: given.built }), workers);
  say(`Besieging ${await versionOf(purser({ isBuilt: given.built }))}, workers ${given.workers}.`);
  for (const plan of plansOf(given)) {
    await using sandbox = await Sandbox.create({ parent: given.folder, prefix: 'purser-siege-' });
    // A server of its own for each attack, so that it is alone.
    const registry = await sandbox.start(program, { root: 'root' });
    await besiege(registry, plan, given);
    if (plan.kind === 'uploads') await checkUploads(join(sandbox.folder, 'root'), plan);
  }
  if (process.exitCode === undefined) say('The registry stood.');
}

function plansOf({ connections, uploads, 'flood-mib': flood, flooders }: Options): readonly Plan[] {
  const plans: readonly Plan[] = [
    { kind: 'connections', count: connections, bytes: 0 },
    { kind: 'uploads', count: uploads, bytes: 0 },
    { kind: 'headers', count: flood > 0 ? flooders : 0, bytes: flood * MEBIBYTE },
  ];
  return plans.filter(({ count }) => count > 0);
}

async function besiege(registry: RegistryProcess, plan: Plan, given: Options): Promise<void> {
  say(`\n${describePlan(plan)}`);
  const client = new OrdinaryClient({ port: registry.port, seed: given.seed, pauseMs: PAUSE_MS });
  try {
    await client.prepare();
    const report = await assault(registry, client, {
      attack: plan,
      processes: Math.ceil(plan.count / MOST_OF_ONE_ATTACKER),
      seconds: given.seconds,
      recoverySeconds: RECOVERY_SECONDS,
    });
    tell(report);
    for (const failure of failuresOf(report, given.slower)) fail(failure);
  } catch (error) {
    fail(`${String(error)}\n${registry.output}`);
  }
}

function describePlan({ kind, count, bytes }: Plan): string {
  switch (kind) {
    case 'connections':
      return `${count} idle connections`;
    case 'uploads':
      return `${count} slow uploads`;
    case 'headers':
      return `${bytes / MEBIBYTE} MiB of headers, over ${count} connections at a time`;
  }
}

function tell({ before, during, after, held, recoveredAfter, result }: AssaultReport): void {
  const { median, p99 } = ratioOf(during, before);
  const answers = Object.entries(result.answers).map(([status, count]) => `${count} × ${status}`);
  say(`  before  ${describeLatency(before)}, ${describeHolding(held.before)}`);
  say(`  during  ${describeLatency(during)}, ${describeHolding(held.during)}`);
  say(`  after   ${describeLatency(after)}, ${describeHolding(held.after)}`);
  const again = held.again.map(({ bytes }) => `${(bytes / MEBIBYTE).toFixed(0)} MiB`);
  say(`  again   ${again.join(', ')}, after each of the same attacks`);
  say(`  slower  median × ${median.toFixed(2)}, p99 × ${p99.toFixed(2)}`);
  say(
    `  attack  ${result.open} connections open, ${(result.sent / MEBIBYTE).toFixed(1)} MiB sent, answers: ${answers.join(', ') || 'none'}`,
  );
  if (recoveredAfter !== undefined) say(`  sockets as before after ${recoveredAfter.toFixed(1)} s`);
}

function describeHolding({ bytes, sockets, files }: Holding): string {
  return `${(bytes / MEBIBYTE).toFixed(0)} MiB, ${sockets} sockets, ${files} files`;
}

/** Cut off, an upload leaves its session, to be gone on with, and nothing else. */
async function checkUploads(root: string, { count }: Plan): Promise<void> {
  const begun = (1 + ATTACKS_AGAIN) * count;
  const { sessions, bytes, strays } = await uploadsLeft(root);
  say(`  left    ${sessions} sessions of uploads with ${bytes} bytes`);
  if (sessions !== begun) fail(`${begun} uploads were begun, and ${sessions} can be gone on with`);
  if (bytes === 0) fail('nothing of what was sent is there');
  if (strays.length > 0) fail(`files of nobody: ${strays.slice(0, 5).join(', ')}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(why: string): void {
  process.stdout.write(`FAILED: ${why}\n`);
  process.exitCode = 1;
}
