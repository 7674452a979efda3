import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { readCommandLine, type OptionValues } from '@purser/registry-under-test';
import type { AttackKind, AttackOrder, Protocol } from '../attackers/order.ts';
import { fail, say, type Scenario } from '../scenario.ts';
import { assault } from './assault.ts';
import { describeReport } from './describe-report.ts';
import { USUAL_BOUNDS, type Plan } from './plans.ts';
import { Stage } from './stage.ts';
import { checkUploadsLeft } from './uploads-left.ts';
import { failuresOf, type Bounds } from './verdict.ts';

const usageOf = (name: string, { summary, kinds }: Plan) => `Attacks: ${summary}
(${kinds.join(', ')}).

An ordinary client pulls and pushes before, during and after the attack.

  npm run attack -- ${name} [options]

  --kinds <names>      of hostile clients, with commas; default all of these
  --clients <n>        hostile clients of each kind; default 10
  --seconds <n>        that the client is measured before, during and after; default 10
  --repeats <n>        further attacks of a second, to find leaks; default 5
  --protocol <name>    of hostile clients: http1, h2c, or tls, which is HTTP/2 over TLS; default h2c
  --workers <n>        http.workers of the server; default 0, one process
  --same-address       hostile clients share the address of the ordinary client; each has its own otherwise
  --slower <n>         times its normal latency that the client may wait; default 3. A machine that does other
                       things at the same time needs more
  --limits <json>      http.limits of the server
  --seed <n>           of the content; default 1
  --json <path>        appends the measurements to a file, a line for each run
  --built              runs what npm run build made
  --folder <path>      where to store; default the system's temporary folder

Exit status 1, and a line for each, when a bound is exceeded.
`;

const DEFAULTS = {
  kinds: '',
  clients: 10,
  seconds: 10,
  repeats: 5,
  protocol: 'h2c',
  workers: 0,
  'same-address': false,
  slower: 3,
  limits: '',
  seed: 1,
  json: '',
  built: false,
  folder: tmpdir(),
};

type Options = OptionValues<typeof DEFAULTS>;

const PROTOCOLS = ['http1', 'h2c', 'tls'] as const satisfies readonly Protocol[];
/** Descriptors that the server needs for 5,000 slow readers: a connection and a file for each. */
const DESCRIPTORS = 10_500;
/** The server has so long to recover before the harness stops waiting. */
const PATIENCE_SECONDS = 30;

/** A scenario in which hostile clients overload a server. */
export function overload(name: string, plan: Plan): Scenario {
  return {
    summary: plan.summary,
    async run(parameters) {
      const options = readCommandLine(usageOf(name, plan), DEFAULTS, parameters);
      if (options === undefined) return;
      const protocol = PROTOCOLS.find((known) => known === options.protocol);
      if (protocol === undefined) return fail(`--protocol: expected ${PROTOCOLS.join(', ')}`);
      const allowed = Number(execFileSync('sh', ['-c', 'ulimit -Hn']).toString().trim());
      // Not a number when there is no limit.
      if (allowed < DESCRIPTORS) {
        return fail(`a process can open ${allowed} files: run ulimit -n ${DESCRIPTORS}`);
      }
      try {
        await attack({ name, plan: forOptions(plan, options), options, protocol });
      } catch (error) {
        fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
      }
    },
  };
}

interface Run {
  readonly name: string;
  readonly plan: Plan;
  readonly options: Options;
  readonly protocol: Protocol;
}

/** Several processes cannot pull through. */
function forOptions(plan: Plan, { kinds, workers }: Options): Plan {
  const chosen = plan.kinds.filter((kind) => kinds === '' || kinds.split(',').includes(kind));
  const isPossible = (kind: AttackKind) => workers < 2 || kind !== 'unfollowed-pulls';
  if (!chosen.every(isPossible)) say('Without unfollowed-pulls: workers do not pull through.');
  return { ...plan, kinds: chosen.filter(isPossible) };
}

async function attack({ name, plan, options, protocol }: Run): Promise<void> {
  const { clients, seconds, repeats, workers } = options;
  const { kinds } = plan;
  if (kinds.length === 0) return fail(`${name}: no kind of attack is left`);
  await using stage = await Stage.set({ ...options, protocol, kinds });
  const { registry, client, target } = stage;
  say(`${name}: ${clients} hostile clients of each kind, ${protocol}, workers ${workers}`);
  const order: AttackOrder = { target, kinds, addresses: addressesOf(options) };
  const bounds: Bounds = { ...USUAL_BOUNDS, slower: options.slower, ...plan.bounds };
  const report = await assault(registry, client, {
    order,
    seconds,
    repeats,
    recoverySeconds: PATIENCE_SECONDS,
    sockets: bounds.sockets,
    slower: bounds.slower,
  });
  describeReport(report);
  const failures = [
    ...failuresOf(report, bounds),
    ...(kinds.includes('slow-uploads') ? await checkUploadsLeft(stage.root, report) : []),
  ];
  for (const failure of failures) fail(failure);
  if (failures.length === 0) say('  The server kept all bounds.');
  if (options.json !== '') {
    const run = { name, protocol, clients, workers, seconds, bounds, report, failures };
    appendFileSync(options.json, `${JSON.stringify(run)}\n`);
  }
}

function addressesOf({ clients, ...options }: Options): readonly string[] {
  return Array.from({ length: clients }, (_, index) =>
    options['same-address'] ? '127.0.0.1' : `127.0.0.${2 + (index % 250)}`,
  );
}
