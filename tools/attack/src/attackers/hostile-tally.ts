import { Tally } from '@purser/registry-under-test';
import type { AttackResult } from './order.ts';

/** Counts what all hostile clients of a process do. */
export class HostileTally {
  readonly answers = new Tally();
  open = 0;
  sent = 0;

  result(): AttackResult {
    const { user, system } = process.cpuUsage();
    return {
      open: this.open,
      sent: this.sent,
      answers: Object.fromEntries(this.answers.entries()),
      processorMs: (user + system) / 1000,
    };
  }
}
