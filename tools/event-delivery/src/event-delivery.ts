import { tmpdir } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { Random, readCommandLine, Sandbox, type OptionValues } from '@purser/registry-under-test';
import { EndpointServer } from './endpoint-server.ts';
import { Trial } from './trial.ts';

const usage = `Lets a worker tell two endpoints of events and kills it at random moments: one endpoint fails half of the time,
hangs, resets connections and goes away for a while; the other is well. Checks that every accepted event arrives.

  npm start -w tools/event-delivery -- [options]

  --events <n>     default 100000
  --kills <n>      default 10
  --seconds <n>    the longest it may take; default 900
  --rate <n>       events a second; default 2000
  --memory <MiB>   the most that the worker may have in RAM; default 384
  --seed <n>       of all draws; default 1
  --folder <path>  where to make the outbox; default the system's temporary folder

Exit status 1 when an event was lost, came out of order or was signed wrongly, when an event was reported as dropped,
or when memory was not bounded.
`;

const DEFAULTS = {
  events: 100_000,
  kills: 10,
  seconds: 900,
  rate: 2000,
  memory: 384,
  seed: 1,
  folder: tmpdir(),
};

const SECRET = 'a secret of the two';

const options = readCommandLine(usage, DEFAULTS);
if (options !== undefined) await run(options);

async function run(options: OptionValues<typeof DEFAULTS>): Promise<void> {
  const { events, kills, seconds, rate, memory, seed, folder } = options;
  const random = new Random(seed);
  await using sandbox = await Sandbox.create({ parent: folder, prefix: 'purser-events-' });
  using failing = new EndpointServer({ failureRate: 0.5, random: random.fork(1) });
  using well = new EndpointServer({ failureRate: 0, random: random.fork(2), secret: SECRET });
  await Promise.all([failing.listen(), well.listen()]);
  const fast = { timeoutMs: 250, backoffMs: 50 };
  const trial = new Trial({
    directory: sandbox.folder,
    endpoints: [
      { name: 'failing', url: failing.url, ...fast },
      { name: 'well', url: well.url, envelope: 'cloudevents', secret: SECRET, ...fast },
    ],
    servers: { failing, well },
    random: random.fork(3),
    events,
    kills,
    perSecond: rate,
  });
  process.stdout.write(`${events} events, ${kills} kills, seed ${seed}\n`);
  const start = performance.now();
  const isInTime = await Promise.race([
    trial.run().then(() => true),
    wait(seconds * 1000, false, { ref: false }),
  ]);
  await trial.end();
  trial.summarize((performance.now() - start) / 1000);
  if (!isInTime) process.stdout.write('  not done in time\n');
  if (!isInTime || trial.hasFailed(memory * 1024 * 1024)) process.exitCode = 1;
}
