import { setTimeout as wait } from 'node:timers/promises';
import { parseRepositoryName, type Repository } from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { createNotifier, type NotifierReport } from '@purser/notifications';
import type { Assignment, WorkerReport } from './assignment.ts';

/** Requests under way at the same time. */
const CONCURRENCY = 16;

const assignment = JSON.parse(process.argv[2] ?? '') as Assignment;
const notifier = createNotifier({
  endpoints: assignment.endpoints,
  source: { addr: 'registry.example:5000' },
  outbox: { directory: assignment.directory },
  observer: pass,
});
await notifier.start();
setInterval(() => {
  const events = Math.max(...notifier.status().map(({ pending }) => pending));
  tell({ kind: 'pending', events });
}, 200);
process.once('SIGTERM', () => void stop());
await makeEvents(assignment);

/** Each is the push of a blob, in a request of its own. */
async function makeEvents({ first, count, perSecond }: Assignment): Promise<void> {
  const start = performance.now();
  for (let made = 0; made < count; made += CONCURRENCY) {
    const size = Math.min(CONCURRENCY, count - made);
    await Promise.all(Array.from({ length: size }, (_, index) => makeEvent(first + made + index)));
    const ahead = ((made + size) / perSecond) * 1000 - (performance.now() - start);
    if (ahead > 5) await wait(ahead);
  }
}

async function makeEvent(number: number): Promise<void> {
  const facts = {
    id: String(number),
    method: 'PUT',
    host: 'registry.example',
    address: '192.0.2.7',
    userAgent: 'event-delivery',
  };
  const repository = notifier.observe(emptyRepository(), facts);
  await repository.blobs.put(Buffer.from(`event ${number}`));
  tell({ kind: 'accepted', number });
}

/** A new one for each event, so that memory is the notifier's. */
function emptyRepository(): Repository {
  return createMemoryRegistry().repository(parseRepositoryName('event/delivery'));
}

function pass(report: NotifierReport): void {
  if (report.kind === 'dropped') tell({ kind: 'dropped', events: report.events });
  if (report.kind === 'outbox-failed') tell({ kind: 'trouble', text: String(report.error) });
}

/** A pipe is written to at once, so that what was told before a kill has been told. */
function tell(report: WorkerReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

async function stop(): Promise<void> {
  await notifier.close({ deadlineMs: 2000 });
  process.exit();
}
