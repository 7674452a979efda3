import { setPriority } from 'node:os';
import { ATTACKS } from './attackers/attacks/attacks.ts';
import { HostileClient } from './attackers/hostile-client.ts';
import { HostileTally } from './attackers/hostile-tally.ts';
import type { AttackOrder, AttackReport } from './attackers/order.ts';

/** Server and ordinary client come first where all share the cores of one machine. */
const LOWEST_PRIORITY = 19;

// The harness ends the attack by ending this process.
process.once('message', (order: AttackOrder) => void begin(order));
process.once('disconnect', () => process.exit());

async function begin({ target, kinds, addresses }: AttackOrder): Promise<void> {
  setPriority(LOWEST_PRIORITY);
  const tally = new HostileTally();
  process.on('message', () => tell({ kind: 'result', result: tally.result() }));
  const starts = kinds.flatMap((kind) =>
    addresses.map((address) => ATTACKS[kind](new HostileClient(target, address, tally))),
  );
  await Promise.all(starts);
  tell({ kind: 'ready' });
}

function tell(report: AttackReport): void {
  process.send?.(report);
}
