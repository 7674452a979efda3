import { say } from '../scenario.ts';
import type { AssaultReport, Phase } from './assault.ts';
import { describeLatency } from './latency.ts';
import type { Holding } from './process-tree.ts';

const MEBIBYTE = 1024 * 1024;

/** Prints what an attack cost. */
export function describeReport(report: AssaultReport): void {
  const { before, during, after, burst, held, result, recoveredAfter } = report;
  say(`  before  ${describePhase(before)}, ${describeHolding(held.before)}`);
  say(`  during  ${describePhase(during)}, ${describeHolding(held.during)}`);
  say(`  after   ${describePhase(after)}, ${describeHolding(held.after)}`);
  const ratio = (which: 'median' | 'p99') => during.latency[which] / before.latency[which];
  say(`  slower  median × ${ratio('median').toFixed(2)}, p99 × ${ratio('p99').toFixed(2)}`);
  say(`  peak    ${mebibytes(held.peak)} in one process`);
  say(`  burst   ${burst.refusal ?? `${burst.ms.toFixed(0)} ms`}`);
  if (held.again.length > 0) {
    say(
      `  again   ${held.again.map(({ bytes }) => mebibytes(bytes)).join(', ')}, after each repeat`,
    );
  }
  const answers = Object.entries(result.answers).map(([status, count]) => `${count} × ${status}`);
  const sent = (result.sent / MEBIBYTE).toFixed(1);
  say(`  attack  ${result.open} connections open, ${sent} MiB sent`);
  say(`          answers: ${answers.join(', ') || 'none'}`);
  // It shares the cores of the machine with the server.
  const share = result.processorMs / 1000 / report.attackSeconds;
  say(`          ${share.toFixed(2)} s of processor time a second, at the lowest priority`);
  if (recoveredAfter !== undefined)
    say(`  normal  ${recoveredAfter.toFixed(1)} s after the attack`);
}

function describePhase({ latency, refusals, processor }: Phase): string {
  return `${describeLatency(latency)}, ${refusals.length} failed, ${processor.toFixed(2)} cores`;
}

function describeHolding({ largest, sockets, files }: Holding): string {
  return `${mebibytes(largest)}, ${sockets} sockets, ${files} files`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(0)} MiB`;
}
