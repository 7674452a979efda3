import { tmpdir } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import {
  ContentSource,
  MemoryWatch,
  programNamed,
  readCommandLine,
  RegistryClient,
  Sandbox,
  versionOf,
  type OptionValues,
  type SampleBlob,
} from '@purser/registry-under-test';
import { pullAll, pushAll, type Load } from './transfer.ts';

const MEGABYTE = 1_000_000;
const MEBIBYTE = 1024 * 1024;

const usage = `Pushes blobs to a registry and pulls them again, and watches the memory of the server.

  npm start -w tools/load -- [options]

  --count <n>        blobs; default 100
  --size-mb <n>      size of each, in millions of bytes; default 100
  --concurrency <n>  transfers at a time; default 10
  --limit-mib <n>    resident memory the server may reach, in MiB; default 200
  --seconds <n>      gives up after this time; default 1800
  --seed <n>         of the content; default 1
  --registry <name>  purser or docker-registry; default purser
  --built            runs what npm run build made
  --folder <path>    where to store; default the system's temporary folder

Exit status 1 when the server took more memory, lost content, or was too slow.
`;

const DEFAULTS = {
  count: 100,
  'size-mb': 100,
  concurrency: 10,
  'limit-mib': 200,
  seconds: 1800,
  seed: 1,
  registry: 'purser',
  built: false,
  folder: tmpdir(),
};

type Options = OptionValues<typeof DEFAULTS>;

const options = readCommandLine(usage, DEFAULTS);
if (options !== undefined) await run(options);

async function run(options: Options): Promise<void> {
  const { count, concurrency, 'size-mb': megabytes, registry: name, folder } = options;
  const program = programNamed(name, { isBuilt: options.built });
  say(
    `Pushing ${count} blobs of ${megabytes} MB to ${await versionOf(program)}, ${concurrency} at a time, and pulling them again.`,
  );
  await using sandbox = await Sandbox.create({ parent: folder, prefix: 'purser-load-' });
  const needed = count * megabytes * MEGABYTE * 1.05;
  const free = await sandbox.freeSpace();
  if (free < needed) {
    fail(`${folder} has ${gigabytes(free)} free, ${gigabytes(needed)} are needed: use --folder`);
    return;
  }
  const registry = await sandbox.start(program, { root: 'root' });
  const client = new RegistryClient({ ports: [registry.port], timeoutMs: 120_000 });
  using memory = new MemoryWatch(registry.pid);
  say(`The server has ${mebibytes(memory.current)} before the first request.`);
  const load = { client, source: new ContentSource(options.seed), concurrency };
  const stop = new AbortController();
  try {
    const tooSlow = wait(options.seconds * 1000, undefined, stop).then(() => {
      throw new Error(`not finished after ${options.seconds} s`);
    });
    await Promise.race([measure(load, options, memory), tooSlow]);
  } catch (error) {
    fail(`${String(error)}\n${registry.output}`);
  } finally {
    stop.abort();
    client.close();
  }
}

async function measure(load: Load, options: Options, memory: MemoryWatch): Promise<void> {
  const size = options['size-mb'] * MEGABYTE;
  const names = Array.from({ length: options.count }, (_, index) => ({ seed: index + 1, size }));
  let blobs: readonly SampleBlob[] = [];
  const pushing = await observed(memory, async () => void (blobs = await pushAll(load, names)));
  report('pushed', names.length * size, pushing);
  const pulling = await observed(memory, () => pullAll(load, blobs));
  report('pulled', names.length * size, pulling);

  const limit = options['limit-mib'] * MEBIBYTE;
  const peak = Math.max(pushing.peak, pulling.peak);
  if (peak > limit) fail(`${mebibytes(peak)} is more than the ${mebibytes(limit)} allowed`);
  else say(`All content came back as it was. The limit of ${mebibytes(limit)} was kept.`);
}

interface Observation {
  readonly seconds: number;
  /** Of the server's memory, in bytes. */
  readonly peak: number;
  readonly looks: number;
}

async function observed(memory: MemoryWatch, work: () => Promise<void>): Promise<Observation> {
  memory.restart();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  return { seconds, peak: memory.peak, looks: memory.looks };
}

function report(what: string, bytes: number, { seconds, peak, looks }: Observation): void {
  const rate = (bytes / MEGABYTE / seconds).toFixed(0);
  say(
    `${what} ${gigabytes(bytes)} in ${seconds.toFixed(1)} s: ${rate} MB/s, peak ${mebibytes(peak)} (${looks} looks)`,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(line: string): void {
  process.stderr.write(`FAILED: ${line}\n`);
  process.exitCode = 1;
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
