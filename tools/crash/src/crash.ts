import { tmpdir } from 'node:os';
import {
  BrokenPromises,
  ContentSource,
  programNamed,
  Random,
  readCommandLine,
  Sandbox,
  Tally,
  versionOf,
  withSettings,
  type OptionValues,
} from '@purser/registry-under-test';
import type { World } from './actor.ts';
import { RepositoryLedger } from './ledger.ts';
import { Lives } from './lives.ts';
import { Samples } from './samples.ts';

const usage = `Kills a registry at random moments while clients push to it, starts it again on what is left, and checks
that everything it acknowledged is there.

  npm start -w tools/crash -- [options]

  --kills <n>        default 200
  --seconds <n>      kills no more after this time; default 3600
  --seed <n>         of all draws; default 1
  --clients <n>      that push at the same time; default 8
  --processes <n>    registries over the same root; default 1
  --workers <n>      processes that each registry consists of; default 1
  --registry <name>  purser or docker-registry; default purser
  --built            runs what npm run build made
  --folder <path>    where to store; default the system's temporary folder
  --keep             leaves the storage there, to look into

Exit status 1 when a promise was broken.
`;

const DEFAULTS = {
  kills: 200,
  seconds: 3600,
  seed: 1,
  clients: 8,
  processes: 1,
  workers: 1,
  registry: 'purser',
  built: false,
  folder: tmpdir(),
  keep: false,
};

type Options = OptionValues<typeof DEFAULTS>;

/** Depths and a shared prefix, as in real registries. */
const REPOSITORIES = ['crash/one', 'crash/two', 'crash/two/deep', 'crash-alone'];
/** More would tell nothing new. */
const MOST_BROKEN = 20;

const options = readCommandLine(usage, DEFAULTS);
if (options !== undefined) await run(options);

async function run(options: Options): Promise<void> {
  const { kills, seed, clients, processes, workers, registry: name } = options;
  const server = programNamed(name, { isBuilt: options.built });
  const settings = workers > 1 ? { REGISTRY_HTTP_WORKERS: String(workers) } : {};
  const program = withSettings(server, settings);
  say(
    `Killing ${await versionOf(server)} ${kills} times while ${clients} clients push (${processes} processes of ${workers} workers, seed ${seed}).`,
  );
  const random = new Random(seed);
  const source = new ContentSource(seed);
  const world: World = {
    source,
    samples: new Samples(random.fork(0), source),
    repositories: REPOSITORIES.map((repository) => new RepositoryLedger(repository)),
    broken: new BrokenPromises(),
    tally: new Tally(),
    deletesTags: program.deletesTags,
  };
  await using sandbox = await Sandbox.create({
    parent: options.folder,
    prefix: 'purser-crash-',
    keepsFolder: options.keep,
  });
  const lives = new Lives({ sandbox, program, world, random, clients, processes, workers });
  const start = performance.now();
  await killAndCheck(lives, options, world);
  summarize(world, lives.kills, (performance.now() - start) / 1000);
}

async function killAndCheck(lives: Lives, options: Options, { broken }: World): Promise<void> {
  const { kills, seconds } = options;
  const limit = performance.now() + seconds * 1000;
  const mayGoOn = () =>
    lives.kills < kills && performance.now() < limit && broken.count < MOST_BROKEN;
  try {
    await lives.start();
    while (mayGoOn()) {
      await lives.pushAndKill();
      await lives.start();
      await lives.check('new and a sample');
      if (lives.kills % Math.max(1, Math.floor(kills / 10)) === 0) say(`  ${lives.kills} kills`);
    }
    say('  the last check: everything');
    await lives.check('everything');
  } catch (error) {
    broken.add(String(error), { kills: lives.kills, actor: 'operator', journal: [] });
  }
}

function summarize({ tally, broken, repositories }: World, kills: number, seconds: number): void {
  const all = repositories.flatMap(({ blobs }) => blobs.all);
  const bytes = all.reduce((sum, { size }) => sum + size, 0);
  const rows = [...tally.entries()].map(([what, count]) => `  ${what}: ${count}`);
  say(rows.join('\n'));
  say(`  blobs acknowledged: ${all.length}, ${(bytes / 1e6).toFixed(0)} MB`);
  if (broken.count > 0) process.exitCode = 1;
  const result = broken.count === 0 ? 'Every promise was kept' : `FAILED: ${broken.count} broken`;
  say(`${result} over ${kills} kills in ${seconds.toFixed(0)} s.`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
