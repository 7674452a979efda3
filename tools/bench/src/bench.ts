import { mkdir, readdir } from 'node:fs/promises';
import { availableParallelism, cpus, release, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import {
  ContentSource,
  programNamed,
  readCommandLine,
  Sandbox,
  versionOf,
  withSettings,
  type OptionValues,
  type RegistryProgram,
} from '@purser/registry-under-test';
import { Contestant, createMaterial } from './contestant.ts';
import { summarizeProfile } from './profile.ts';
import { createRows, type Row } from './rows.ts';
import type { Sample } from './sample.ts';
import { createTable, formatMarkdown, formatText, type MeasuredRow } from './table.ts';
import { Wrk } from './wrk.ts';

const usage = `Measures Purser beside Debian's docker-registry, with equal settings on the same disk, in turns.

  npm start -w tools/bench -- [options]

  --rounds <n>      default 5
  --seconds <n>     of each measurement that has no fixed amount; whole seconds, default 2
  --rows <text>     only rows whose name holds one of these, separated by commas: tags,push
  --only <name>     only purser, or only docker-registry
  --workers <n>     measures Purser of so many processes beside Purser of one; default 1, beside docker-registry
  --built           runs what npm run build made
  --profile <path>  writes a CPU profile of Purser into this folder and sums it up; best with --only and --rows
  --markdown        prints the table as Markdown
  --seed <n>        of the content; default 1
  --folder <path>   where to store; default the system's temporary folder

Needs docker-registry, and wrk for the rows of requests, or else node:http makes them: apt-get install docker-registry wrk.
Exit status 1 when a registry did not answer as it must. Being slower is no failure.
`;

const DEFAULTS = {
  rounds: 5,
  seconds: 2,
  rows: '',
  only: '',
  workers: 1,
  built: false,
  profile: '',
  markdown: false,
  seed: 1,
  folder: tmpdir(),
};

type Options = OptionValues<typeof DEFAULTS>;

/** Discarded: the first requests of a process are slower than all later ones. */
const WARM_UP_SECONDS = 1;
const PROFILE_LINES = 30;

const options = readCommandLine(usage, DEFAULTS);
if (options !== undefined) await run(options).catch(fail);

async function run(options: Options): Promise<void> {
  const { folder, profile, only, markdown } = options;
  const nodeParameters = profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`];
  const named = (name: string) => programNamed(name, { isBuilt: options.built, nodeParameters });
  const programs =
    options.workers > 1
      ? [withWorkers(named('purser'), options.workers), named('purser')]
      : ['purser', 'docker-registry'].filter((name) => only === '' || name === only).map(named);
  say(`Measuring ${await describe(options.workers > 1 ? [named('purser')] : programs)}.`);
  say(`On ${machine()}.`);
  await using sandbox = await Sandbox.create({ parent: folder, prefix: 'purser-bench-' });
  const wrk = await Wrk.find(sandbox.folder);
  const material = createMaterial(new ContentSource(options.seed));
  const rows = chosenRows(createRows(material, wrk), options.rows);
  using disposables = new DisposableStack();
  const contestants: Contestant[] = [];
  for (const program of programs) {
    const root = `root-${program.name}`;
    await mkdir(join(sandbox.folder, root));
    const registry = await sandbox.start(program, { root });
    const contestant = new Contestant(registry, join(sandbox.folder, root));
    contestants.push(disposables.use(contestant));
    say(`Filling ${program.name}.`);
    await contestant.fill(material);
    if (rows.some(({ name }) => name.startsWith('tags'))) await contestant.fillTags(material);
  }
  const measured = await measureAll(rows, contestants, options);
  const table = createTable(
    measured,
    contestants.map(({ name }) => name),
  );
  say(`\nMedians of ${options.rounds} rounds. CPU: of the server, for one operation.\n`);
  say(markdown ? formatMarkdown(table) : formatText(table));
  say(`\n${verdict(measured)}`);
  await Promise.all(contestants.map(({ registry }) => registry.stop()));
  if (profile !== '') await sumUp(resolve(profile));
}

function withWorkers(program: RegistryProgram, count: number): RegistryProgram {
  const settings = { REGISTRY_HTTP_WORKERS: String(count) };
  return { ...withSettings(program, settings), name: `${program.name}-${count}` };
}

function chosenRows(rows: readonly Row[], filter: string): readonly Row[] {
  const parts = filter.split(',').map((part) => part.trim().toLowerCase());
  return rows.filter(({ name }) => parts.some((part) => name.toLowerCase().includes(part)));
}

async function measureAll(
  rows: readonly Row[],
  contestants: readonly Contestant[],
  { rounds, seconds }: Options,
): Promise<readonly MeasuredRow[]> {
  const measured = rows.map((row) => ({
    row,
    results: new Map(contestants.map(({ name }) => [name, [] as Sample[]])),
  }));
  say('Warming up.');
  for (const { row } of measured) {
    for (const contestant of contestants) await row.measure(contestant, WARM_UP_SECONDS);
  }
  for (let round = 1; round <= rounds; round += 1) {
    say(`Round ${round} of ${rounds}.`);
    const inTurn = round % 2 === 1 ? contestants : contestants.toReversed();
    for (const { row, results } of measured) {
      for (const contestant of inTurn) {
        results.get(contestant.name)?.push(await row.measure(contestant, seconds));
      }
    }
  }
  return measured;
}

function verdict(rows: readonly MeasuredRow[]): string {
  const [first, second] = [...(rows[0]?.results.keys() ?? [])];
  if (first === undefined || second === undefined) return '';
  const table = createTable(rows, [first, second]);
  const column = table[0]?.indexOf('ratio') ?? -1;
  const behind = table.slice(1).filter((cells) => Number(cells[column]) < 1);
  const names = behind.map(([name, clients]) => `${name} (${clients})`).join(', ');
  const ahead = `${first} is ahead in ${rows.length - behind.length} of ${rows.length} rows`;
  return behind.length === 0 ? `${ahead}.` : `${ahead}; not in: ${names}.`;
}

async function describe(programs: readonly RegistryProgram[]): Promise<string> {
  const versions = await Promise.all(programs.map(versionOf));
  return `${versions.join(' and ')}; Node.js ${process.version}`;
}

function machine(): string {
  const [{ model } = { model: 'unknown processor' }] = cpus();
  const gibibytes = (totalmem() / 1024 ** 3).toFixed(0);
  return `${availableParallelism()} cores of ${model}, ${gibibytes} GiB, Linux ${release()}`;
}

async function sumUp(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.cpuprofile')) continue;
    say(`\n${join(folder, name)}\n${await summarizeProfile(join(folder, name), PROFILE_LINES)}`);
  }
}

function fail(error: unknown): void {
  process.stderr.write(`FAILED: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
