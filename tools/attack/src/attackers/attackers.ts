import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AttackOrder, AttackReport, AttackResult } from './order.ts';

/** Hostile clients, in one process of the lowest priority. */
export class Attackers implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @returns When all clients have begun. */
  static async start(order: AttackOrder): Promise<Attackers> {
    const child = fork(join(import.meta.dirname, '../attacker.ts'), {
      execArgv: ['--conditions=@purser/source'],
    });
    const attackers = new Attackers(child);
    child.send(order);
    try {
      await attackers.#reportOf('ready');
    } catch (error) {
      await attackers[Symbol.asyncDispose]();
      throw error;
    }
    return attackers;
  }

  async result(): Promise<AttackResult> {
    this.#child.send('report');
    return (await this.#reportOf('result')).result;
  }

  /** All connections are gone then. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  /** @throws Error when the process ends first. */
  async #reportOf<Kind extends AttackReport['kind']>(
    kind: Kind,
  ): Promise<Extract<AttackReport, { readonly kind: Kind }>> {
    type Report = Extract<AttackReport, { readonly kind: Kind }>;
    const { promise, resolve, reject } = Promise.withResolvers<Report>();
    const take = (report: AttackReport) => {
      if (report.kind === kind) resolve(report as Report);
    };
    const fail = (status: number | null) => reject(new Error(`the attackers ended with ${status}`));
    this.#child.on('message', take).once('exit', fail);
    try {
      return await promise;
    } finally {
      this.#child.off('message', take).off('exit', fail);
    }
  }
}
