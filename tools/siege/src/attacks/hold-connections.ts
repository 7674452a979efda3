import type { Socket } from 'node:net';
import { inParallel } from '@purser/registry-under-test';
import type { Attack } from '../attack.ts';
import { openConnection } from './connection.ts';
import type { RunningAttack } from './running-attack.ts';

const AT_A_TIME = 100;

/** Opens connections and says nothing. */
export function holdConnections(attack: Attack): RunningAttack {
  const open = new Set<Socket>();
  const ready = inParallel(Array.from({ length: attack.count }), AT_A_TIME, async () => {
    const socket = await openConnection(attack);
    open.add(socket.resume());
    socket.once('close', () => open.delete(socket));
  });
  return {
    ready: ready.then(() => {}),
    result: () => ({ open: open.size, sent: 0, answers: {} }),
  };
}
