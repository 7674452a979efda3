/** Where something happened, so that it can be looked for. */
export interface Place {
  /** 0 before the first kill. */
  readonly kills: number;
  /** Who did it: `client 3`, `check`. */
  readonly actor: string;
  /** The last requests of the actor, oldest first. */
  readonly journal: readonly string[];
}

/** Collects what the registry should have kept and did not. */
export class BrokenPromises {
  readonly #found: string[] = [];

  get count(): number {
    return this.#found.length;
  }

  add(problem: string, { kills, actor, journal }: Place): void {
    const story = journal.map((line) => `      ${line}`).join('\n');
    this.#found.push(problem);
    process.stderr.write(`  BROKEN after kill ${kills}, ${actor}: ${problem}\n${story}\n`);
  }
}
