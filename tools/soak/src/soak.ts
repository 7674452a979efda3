import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  BrokenPromises,
  ContentSource,
  purser,
  Random,
  readCommandLine,
  Sandbox,
  Tally,
  versionOf,
  withSettings,
  type OptionValues,
  type RegistryProgram,
} from '@purser/registry-under-test';
import { COLLECTED } from './blobs.ts';
import { pullAllTagged } from './checking.ts';
import { actUntil } from './deeds.ts';
import { createPlace, type Place } from './place.ts';
import { Promises } from './promises.ts';
import { Servers } from './servers.ts';
import { SoakClient, type World } from './soak-client.ts';
import { readStore } from './store-check.ts';
import { deleteAllTags, settleTags } from './tagging.ts';

const usage = `Lets clients push, pull, move tags, delete, mount and attach while garbage is collected, and checks that nobody
misses what was promised or tagged.

  npm start -w tools/soak -- [options]

  --seconds <n>       how long; default 60
  --seed <n>          of all draws; default 1
  --clients <n>       at the same time; default 8
  --processes <n>     registries over the same store; default 1
  --workers <n>       processes that each registry consists of; default 1
  --store <kind>      filesystem, or gcs for an emulated bucket; default filesystem
  --interval <n>      seconds between two rounds of the collector; default 1; 0 has none, to try the clients alone
  --grace <n>         seconds that content is promised for; default 2
  --kill-every <n>    seconds between two kills of a registry or a worker, on average; default 0, none
  --built             runs what npm run build made
  --folder <path>     where to store; default the system's temporary folder
  --keep              leaves the storage there, to look into

Exit status 1 when a promise was broken, or when nothing was collected.
`;

const DEFAULTS = {
  seconds: 60,
  seed: 1,
  clients: 8,
  processes: 1,
  workers: 1,
  store: 'filesystem',
  interval: 1,
  grace: 2,
  'kill-every': 0,
  built: false,
  folder: tmpdir(),
  keep: false,
};

type Options = OptionValues<typeof DEFAULTS>;

const REPOSITORIES = ['soak/one', 'soak/two', 'soak/two/deep', 'soak-alone'];
/** Small enough to be pushed in a moment, save a few; so many that each is garbage again and again. */
const POOL = [
  ...Array.from({ length: 150 }, (_, index) => 200 + index * 300),
  ...Array.from({ length: 6 }, (_, index) => 400_000 + index * 200_000),
];
/** Until the lease of a collector that was killed has been taken over by one that lives. */
const LEASE_IS_TAKEN_MS = 15_000;
/** More would tell nothing new. */
const MOST_BROKEN = 20;

const options = readCommandLine(usage, DEFAULTS);
if (options !== undefined) await run(options);

async function run(given: Options): Promise<void> {
  const { seed, seconds, clients, processes, workers, store } = given;
  await using resources = new AsyncDisposableStack();
  const sandbox = resources.use(
    await Sandbox.create({
      parent: given.folder,
      prefix: 'purser-soak-',
      keepsFolder: given.keep,
    }),
  );
  const place = await createPlace(store, sandbox, resources);
  const server = purser({ isBuilt: given.built });
  const program = withSettings(server, {
    ...place.settings,
    ...collectorSettings(given),
    REGISTRY_HTTP_WORKERS: String(workers),
  });
  say(
    `Soaking ${await versionOf(server)} for ${seconds} s: ${clients} clients, ${processes} processes of ${workers} workers on ${store}, seed ${seed}.`,
  );
  const random = new Random(seed);
  const servers = new Servers({ sandbox, program, random: random.fork(-1), processes, workers });
  const source = new ContentSource(seed);
  const world: World = {
    source,
    pool: POOL.map((size, index) => source.sample({ seed: index, size })),
    repositories: REPOSITORIES,
    promises: new Promises(given.grace * 1000),
    servers,
    broken: new BrokenPromises(),
    tally: new Tally(),
  };
  await servers.start();
  const actors = Array.from({ length: clients }, (_, index) => {
    const name = `client ${index}`;
    return resources.use(new SoakClient({ name, world, random: random.fork(index) }));
  });
  await soak(actors, world, given);
  await checkEnd(actors, world, { program, place, sandbox });
  summarize(world, given);
}

function collectorSettings({ interval, grace }: Options): Readonly<Record<string, string>> {
  if (interval === 0) return {};
  return {
    REGISTRY_STORAGE_GC_INTERVAL: `${interval}s`,
    REGISTRY_STORAGE_GC_GRACE: `${grace}s`,
    REGISTRY_STORAGE_GC_DELETEUNTAGGED: 'true',
  };
}

async function soak(actors: readonly SoakClient[], world: World, given: Options): Promise<void> {
  const { servers, broken } = world;
  const end = performance.now() + given.seconds * 1000;
  const isOver = () => performance.now() > end || broken.count >= MOST_BROKEN;
  const telling = setInterval(() => tell(world, end), 60_000);
  await Promise.all([
    ...actors.map((actor) => actUntil(actor, isOver)),
    killUntil(servers, given, isOver),
  ]);
  clearInterval(telling);
  for (const output of servers.ended()) {
    const place = { kills: servers.kills, actor: 'operator', journal: [] };
    broken.add(`a registry ended by itself\n${output}`, place);
  }
}

async function killUntil(servers: Servers, given: Options, isOver: () => boolean): Promise<void> {
  const every = given['kill-every'];
  const random = new Random(given.seed + 1);
  while (every > 0 && !isOver()) {
    await wait(random.integer(0, every * 2000));
    if (!isOver()) await servers.killOne();
  }
}

interface Store {
  readonly program: RegistryProgram;
  readonly place: Place;
  readonly sandbox: Sandbox;
}

/** Everything tagged is there; after one more collection nothing else is; and without tags, nothing at all. */
async function checkEnd(actors: readonly SoakClient[], world: World, store: Store): Promise<void> {
  const { servers } = world;
  say('  the end: every tag, and what is left when it is collected once more');
  for (const actor of actors) {
    await settleTags(actor);
    await pullAllTagged(actor);
  }
  if (servers.kills > 0) await wait(LEASE_IS_TAKEN_MS);
  await servers.stop();
  await collectAndCheck(world, store);
  await servers.restart();
  for (const actor of actors) {
    await pullAllTagged(actor);
    await deleteAllTags(actor);
  }
  await servers.stop();
  const { blobs, links } = await collectAndCheck(world, store);
  if (blobs + links > 0)
    complain(world, `without tags, ${blobs} blobs and ${links} links are left`);
}

async function collectAndCheck(world: World, { program, place, sandbox }: Store) {
  const [port = 0] = world.servers.ports;
  const configuration = join(sandbox.folder, `${program.name}-${port}.yml`);
  const parameters = [
    ...program.parameters.slice(0, -1),
    'garbage-collect',
    '--delete-untagged',
    '--grace=2s',
  ];
  await promisify(execFile)(program.command, [...parameters, configuration], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const state = await readStore(place.driver);
  for (const path of state.unreachable) complain(world, `unreachable and not collected: ${path}`);
  for (const path of state.missing) complain(world, `tagged content is not in the store: ${path}`);
  say(`  ${state.tags} tagged manifests, ${state.links} links, ${state.blobs} blobs are left`);
  return state;
}

function complain({ broken, servers }: World, problem: string): void {
  broken.add(problem, { kills: servers.kills, actor: 'operator', journal: [] });
}

function tell({ tally, broken, servers }: World, end: number): void {
  const left = ((end - performance.now()) / 1000).toFixed(0);
  say(
    `  ${left} s left: ${tally.of('answers')} answers, ${tally.of(COLLECTED)} times collected content was missed, ${servers.kills} kills, ${broken.count} broken`,
  );
}

function summarize({ tally, broken, servers }: World, { seconds, interval }: Options): void {
  say([...tally.entries()].map(([what, count]) => `  ${what}: ${count}`).join('\n'));
  const isIdle = interval > 0 && tally.of(COLLECTED) === 0;
  if (broken.count > 0 || isIdle) process.exitCode = 1;
  if (isIdle) say('FAILED: no client ever met content that was collected: nothing was tried.');
  const result = broken.count === 0 ? 'Every promise was kept' : `FAILED: ${broken.count} broken`;
  say(`${result} in ${seconds} s and over ${servers.kills} kills.`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
