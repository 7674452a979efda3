/** One attack with its bounds. */
export interface Scenario {
  /** One line for the list of scenarios. */
  readonly summary: string;
  /**
   * Attacks a server of its own and prints the measurements. Calls `fail` for each exceeded bound.
   *
   * @param parameters The command line after the name of the scenario.
   */
  readonly run: (parameters: readonly string[]) => Promise<void>;
}

/** Prints one line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints an exceeded bound, and makes the exit status 1. The scenario continues. */
export function fail(reason: string): void {
  say(`FAILED: ${reason}`);
  process.exitCode = 1;
}
