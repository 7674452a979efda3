import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import {
  blobPath,
  ContentSource,
  median,
  purser,
  pushWhole,
  readCommandLine,
  RegistryClient,
  Sandbox,
  withSettings,
  type OptionValues,
  type RegistryProcess,
  type SampleBlob,
} from '@purser/registry-under-test';

const usage = `Measures how long the first byte of a blob takes through a cold pull-through Purser, beside its upstream alone.

  npm run bench:pull-through -- [options]

  --clients <n>   that ask at one time; default 100
  --size <n>      of the blob, in bytes; default 100000000
  --rounds <n>    each with a blob of its own; default 3
  --built         runs what npm run build made
  --seed <n>      of the content; default 1
  --folder <path> where to store; default the system's temporary folder

In each round the same clients ask upstream, then the pull-through registry, for the whole blob.
Exit status 1 when a client got something else, or upstream was not asked for the blob exactly once.
`;

const DEFAULTS = {
  clients: 100,
  size: 100_000_000,
  rounds: 3,
  built: false,
  seed: 1,
  folder: tmpdir(),
};

const REPOSITORY = 'bench/blob';
/** When the slowest of a hundred on a small machine has its blob. */
const TIMEOUT_MS = 300_000;

const options = readCommandLine(usage, DEFAULTS);
if (options !== undefined) await run(options).catch(fail);

async function run({ clients, size, rounds, built, seed, folder }: OptionValues<typeof DEFAULTS>) {
  say(`${clients} clients ask for a blob of ${size} bytes, ${rounds} times.`);
  await using sandbox = await Sandbox.create({ parent: folder, prefix: 'purser-bench-' });
  const program = purser({ isBuilt: built });
  const logging = { REGISTRY_LOG_ACCESSLOG_DISABLED: 'false' };
  const upstream = await sandbox.start(withSettings(program, logging), { root: 'upstream' });
  const remote = { REGISTRY_PROXY_REMOTEURL: `http://127.0.0.1:${upstream.port}` };
  const proxy = await sandbox.start(withSettings(program, remote), { root: 'proxy' });
  const source = new ContentSource(seed);
  await warmUp([upstream, proxy], source);
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const blob = source.sample({ seed: round, size });
    await push(upstream, source, blob);
    const direct = await pullAll(upstream, blob, clients);
    const through = await pullAll(proxy, blob, clients);
    const fetches = await fetchesOf(upstream, blob);
    const ratio = through.firstByteMs / direct.firstByteMs;
    ratios.push(ratio);
    say(
      `Round ${round}: first byte ${ms(direct.firstByteMs)} upstream, ${ms(through.firstByteMs)} through, ratio ${ratio.toFixed(2)}; ` +
        `all ${ms(direct.wholeMs)} and ${ms(through.wholeMs)}; fetched ${fetches} times.`,
    );
    if (fetches !== 1) throw new Error(`upstream was asked ${fetches} times for the blob`);
  }
  say(
    `\nMedians of ${clients} clients; over ${rounds} rounds the ratio is ${median(ratios).toFixed(2)}.`,
  );
}

/** The first requests of a process are slower than all later ones. */
async function warmUp(registries: readonly RegistryProcess[], source: ContentSource) {
  const [upstream] = registries;
  for (let index = 0; index < 20; index += 1) {
    const blob = source.sample({ seed: 1000 + index, size: 100_000 });
    await push(upstream!, source, blob);
    for (const registry of registries) await pullAll(registry, blob, 5);
  }
}

async function push({ port }: RegistryProcess, source: ContentSource, blob: SampleBlob) {
  const client = new RegistryClient({ ports: [port] });
  await pushWhole({ client, repository: REPOSITORY, source }, blob);
  client.close();
}

/** How often the access log says that the blob was given to a Purser. */
async function fetchesOf(registry: RegistryProcess, { digest }: SampleBlob): Promise<number> {
  // The line follows the last byte.
  await wait(500);
  const asked = `"GET ${blobPath(REPOSITORY, digest)}`;
  const lines = registry.output.split('\n');
  return lines.filter((line) => line.includes(asked) && line.includes('"purser/')).length;
}

interface Pulls {
  /** Medians of all clients. */
  readonly firstByteMs: number;
  readonly wholeMs: number;
}

async function pullAll(
  registry: RegistryProcess,
  blob: SampleBlob,
  clients: number,
): Promise<Pulls> {
  const pulls = await Promise.all(Array.from({ length: clients }, () => pull(registry, blob)));
  return {
    firstByteMs: median(pulls.map(({ firstByteMs }) => firstByteMs)),
    wholeMs: median(pulls.map(({ wholeMs }) => wholeMs)),
  };
}

/** Over a connection of its own, counting the bytes: what they are the registry has verified. */
function pull({ port }: RegistryProcess, { digest, size }: SampleBlob): Promise<Pulls> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const path = blobPath(REPOSITORY, digest);
    const outgoing = request({ host: '127.0.0.1', port, path, agent: false });
    outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', reject).on('response', (incoming) => {
      let received = 0;
      let firstByteMs = 0;
      incoming.on('error', reject).on('data', (chunk: Buffer) => {
        if (received === 0) firstByteMs = performance.now() - start;
        received += chunk.byteLength;
      });
      incoming.on('end', () => {
        if (received === size) resolve({ firstByteMs, wholeMs: performance.now() - start });
        else reject(new Error(`${incoming.statusCode}: got ${received} of ${size} bytes`));
      });
    });
    outgoing.end();
  });
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function fail(error: unknown): void {
  process.stderr.write(`FAILED: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
