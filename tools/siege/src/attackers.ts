import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Attack, AttackReport } from './attack.ts';
import type { AttackResult } from './attacks/running-attack.ts';

/** Processes that attack together, each from an address of its own. */
export class Attackers implements AsyncDisposable {
  readonly #children: readonly ChildProcess[];

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children;
  }

  /** @param processes How many share the connections and the bytes. */
  static async start(attack: Omit<Attack, 'address'>, processes: number): Promise<Attackers> {
    const children = Array.from({ length: processes }, (_, index) => {
      const child = fork(join(import.meta.dirname, 'attacker.ts'), {
        execArgv: ['--conditions=@purser/source'],
      });
      child.send({
        ...attack,
        // Each address has ports of its own.
        address: `127.0.0.${index + 2}`,
        count: share(attack.count, processes, index),
        bytes: share(attack.bytes, processes, index),
      } satisfies Attack);
      return child;
    });
    const attackers = new Attackers(children);
    await Promise.all(children.map((child) => reportOf(child, 'ready')));
    return attackers;
  }

  /** What all of them did so far. */
  async result(): Promise<AttackResult> {
    const results = await Promise.all(
      this.#children.map((child) => {
        child.send('report');
        return reportOf(child, 'result');
      }),
    );
    const answers: Record<string, number> = {};
    for (const [status, count] of results.flatMap((result) => Object.entries(result.answers))) {
      answers[status] = (answers[status] ?? 0) + count;
    }
    return {
      open: results.reduce((sum, { open }) => sum + open, 0),
      sent: results.reduce((sum, { sent }) => sum + sent, 0),
      answers,
    };
  }

  /** All their connections are gone then. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ends = this.#children
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      .map((child) => {
        child.kill('SIGKILL');
        return once(child, 'exit');
      });
    await Promise.all(ends);
  }
}

type ReportOf<Kind> = Extract<AttackReport, { readonly kind: Kind }>;

/** @throws Error when the process ends instead. */
async function reportOf<Kind extends AttackReport['kind']>(
  child: ChildProcess,
  kind: Kind,
): Promise<ReportOf<Kind>> {
  const { promise, resolve, reject } = Promise.withResolvers<ReportOf<Kind>>();
  const take = (report: AttackReport) => {
    if (report.kind === kind) resolve(report as ReportOf<Kind>);
  };
  const fail = (status: number | null) => reject(new Error(`an attacker ended with ${status}`));
  child.on('message', take).once('exit', fail);
  try {
    return await promise;
  } finally {
    child.off('message', take).off('exit', fail);
  }
}

function share(total: number, parts: number, index: number): number {
  return Math.floor(total / parts) + (index < total % parts ? 1 : 0);
}
