import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  purser,
  readCommandLine,
  Sandbox,
  withSettings,
  type RegistryProcess,
} from '@purser/registry-under-test';
import { fail, say, type Scenario } from '../scenario.ts';
import { makeLargeRoot, type LargeRoot } from './large-root.ts';
import { measureRequest, type RequestCost } from './measure-request.ts';
import { putUnderPressure } from './pressure.ts';
import { hiddenRequests, openRequests, pricedRequests, type NamedRequest } from './requests.ts';

const usage = `Asks every endpoint of a server with a large storage, and measures the processor time of each request.

  npm run attack -- dear-requests [options]

  --repositories <n>  default 20000
  --tags <n>          tags of one manifest; default 100000
  --referrers <n>     referrers of one manifest; default 4000
  --bound <ms>        processor time of one request at most; default 50. The first of a kind may cost three times as much
  --repeats <n>       times that each request is sent again; default 5
  --built             runs what npm run build made
  --folder <path>     where to store; default the system's temporary folder

Exit status 1 when a request costs more than the bound. Requests marked as priced may cost more: the server does few of
them at a time. Many of them at once must not slow an ordinary client much, and must end when their clients leave.
`;

const DEFAULTS = {
  repositories: 20_000,
  tags: 100_000,
  referrers: 4_000,
  bound: 50,
  repeats: 5,
  built: false,
  folder: tmpdir(),
};

/** Requests of a few bytes must not cost the server much. */
export const dearRequests: Scenario = {
  summary: 'requests of a few bytes that make the server look through a large storage',
  async run(parameters) {
    const options = readCommandLine(usage, DEFAULTS, parameters);
    if (options === undefined) return;
    await using sandbox = await Sandbox.create({
      parent: options.folder,
      prefix: 'purser-attack-',
    });
    const { repositories, tags, referrers, bound, repeats } = options;
    const root = await makeLargeRoot(join(sandbox.folder, 'root'), options);
    say(
      `${repositories} repositories, ${tags} tags, ${referrers} referrers. Times in milliseconds.`,
    );
    say(`${'first'.padStart(8)}${'again'.padStart(8)}  status     bytes`);
    const program = purser({ isBuilt: options.built });
    const passwords = join(sandbox.folder, 'htpasswd');
    writeFileSync(passwords, '');
    const open = await sandbox.start(program, { root: 'root' });
    await measureAll(open, openRequests(root), { bound, repeats });
    await checkPrices(open, root);
    await open.stop();
    const hidden = withSettings(program, hideAll(passwords));
    const guarded = await sandbox.start(hidden, { root: 'root' });
    await measureAll(guarded, hiddenRequests(), { bound, repeats });
    await guarded.stop();
  },
};

/** Times its normal latency that an ordinary client may wait, and a wait that nobody notices. */
const MOST_SLOWER = 3;
const NOTICED_MS = 100;
const PRESSURE_SECONDS = 3;
/** What was under way when the last attacker left, in processor time. */
const MOST_AFTERWARDS_MS = 1_000;

async function checkPrices(registry: RegistryProcess, root: LargeRoot): Promise<void> {
  const requests = pricedRequests(root);
  const path = `/v2/${root.repository}/manifests/t000001`;
  const ordinary = { name: `GET ${path}`, method: 'GET', path };
  const options = { ordinary, seconds: PRESSURE_SECONDS };
  const { before, during, afterwards } = await putUnderPressure(registry, requests, options);
  say(`${requests.length} × ${requests[0]?.name}, at once, for ${PRESSURE_SECONDS} s:`);
  say(`  p99 of ${ordinary.name}: ${before.toFixed(1)} before, ${during.toFixed(1)} during`);
  say(`  processor time after the clients left: ${afterwards.toFixed(0)}`);
  if (during > Math.max(MOST_SLOWER * before, NOTICED_MS)) {
    fail(`priced requests slow an ordinary client: p99 ${during.toFixed(0)} ms`);
  }
  if (afterwards > MOST_AFTERWARDS_MS) fail('priced requests continue after their clients left');
}

async function measureAll(
  registry: RegistryProcess,
  requests: readonly NamedRequest[],
  { bound, repeats }: { readonly bound: number; readonly repeats: number },
): Promise<void> {
  // The first requests of a process compile its code.
  for (const request of requests) {
    if (request.once !== true) await measureRequest(registry, warmUp(request), repeats);
  }
  for (const request of requests) {
    const cost = await measureRequest(registry, request, repeats);
    say(describe(cost));
    const dearest = dearestUnpriced(cost);
    if (dearest > bound) fail(`${request.name} costs ${dearest.toFixed(0)} ms; bound: ${bound} ms`);
  }
}

/** The first request of a kind pays for code that is compiled, and for the garbage of those before it. */
const FIRST_TIMES = 3;

function dearestUnpriced({ request: { priced }, first, again = 0 }: RequestCost): number {
  if (priced === 'all') return 0;
  return priced === 'first' ? again : Math.max(first / FIRST_TIMES, again);
}

/** The same endpoint with nothing to look through. */
function warmUp(request: NamedRequest): NamedRequest {
  return { ...request, path: request.path.replace('/v2/large/image/', '/v2/many/r000001/') };
}

function hideAll(passwords: string): Readonly<Record<string, string>> {
  const policy = [
    { repositories: ['open/**'], anonymous: true, allow: ['pull'] },
    { repositories: ['**'], users: ['alice'], allow: ['push'] },
  ];
  const htpasswd = { realm: 'Registry', path: passwords, policy };
  return { REGISTRY_AUTH: JSON.stringify({ htpasswd }) };
}

function describe({ request, status, size, first, again }: RequestCost): string {
  const times = [first, again].map((time) => (time?.toFixed(1) ?? '–').padStart(8)).join('');
  const note = request.priced === undefined ? '' : ` (priced: ${request.priced})`;
  return `${times}  ${status}  ${String(size).padStart(10)}  ${request.name}${note}`;
}
