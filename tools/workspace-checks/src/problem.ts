/** Something that a check found. */
export interface Problem {
  /** Relative to the workspace. */
  readonly file: string;
  /** Counted from 1. */
  readonly line?: number | undefined;
  /** The rule that is broken, and how. */
  readonly message: string;
}

/** Tells the outcome of a check, its first line in one sentence, and sets the exit status: 1 when there are problems. */
export function report(subject: string, problems: readonly Problem[]): void {
  const [count, verdict] = [problems.length, problems.length === 0 ? 'ok' : 'FAILED'];
  const lines = problems.map(
    ({ file, line, message }) => `  ${file}${line === undefined ? '' : `:${line}`}: ${message}\n`,
  );
  const summary = `${verdict}: ${subject}: ${count} ${count === 1 ? 'problem' : 'problems'}\n`;
  process.stdout.write(summary + lines.join(''));
  if (count > 0) process.exitCode = 1;
}
