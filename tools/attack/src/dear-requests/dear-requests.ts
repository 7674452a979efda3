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
import { makeLargeRoot } from './large-root.ts';
import { measureRequest, type RequestCost } from './measure-request.ts';
import { hiddenRequests, openRequests, type NamedRequest } from './requests.ts';

const usage = `Asks every endpoint of a server with a large storage, and measures the processor time of each request.

  npm run attack -- dear-requests [options]

  --repositories <n>  default 20000
  --tags <n>          tags of one manifest; default 100000
  --referrers <n>     referrers of one manifest; default 4000
  --bound <ms>        processor time of one request at most; default 50
  --repeats <n>       times that each request is sent again; default 5
  --built             runs what npm run build made
  --folder <path>     where to store; default the system's temporary folder

Exit status 1 when a request costs more than the bound. Requests marked as priced may cost more: the server lets in few
of them at a time.
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
    const servers = [
      { program, requests: openRequests(root) },
      { program: withSettings(program, hideAll(passwords)), requests: hiddenRequests() },
    ];
    for (const { program: server, requests } of servers) {
      const registry = await sandbox.start(server, { root: 'root' });
      await measureAll(registry, requests, { bound, repeats });
      await registry.stop();
    }
  },
};

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
    const dearest = Math.max(cost.first, cost.again ?? 0);
    if (dearest <= bound || request.isPriced === true) continue;
    fail(`${request.name} costs ${dearest.toFixed(0)} ms; bound: ${bound} ms`);
  }
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
  const note = request.isPriced === true ? ' (priced)' : '';
  return `${times}  ${status}  ${String(size).padStart(10)}  ${request.name}${note}`;
}
