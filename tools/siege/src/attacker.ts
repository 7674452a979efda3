import type { Attack, AttackOrder, AttackReport } from './attack.ts';
import { floodHeaders } from './attacks/flood-headers.ts';
import { holdConnections } from './attacks/hold-connections.ts';
import type { RunningAttack } from './attacks/running-attack.ts';
import { uploadSlowly } from './attacks/upload-slowly.ts';

const ATTACKS: Readonly<Record<Attack['kind'], (attack: Attack) => RunningAttack>> = {
  connections: holdConnections,
  headers: floodHeaders,
  uploads: uploadSlowly,
};

// The siege ends it by ending this process.
process.once('message', (attack: Attack) => void begin(attack));
process.once('disconnect', () => process.exit());

async function begin(attack: Attack): Promise<void> {
  const running = ATTACKS[attack.kind](attack);
  process.on('message', (order: AttackOrder) => {
    if (order === 'report') tell({ kind: 'result', ...running.result() });
  });
  await running.ready;
  tell({ kind: 'ready' });
}

function tell(report: AttackReport): void {
  process.send?.(report);
}
