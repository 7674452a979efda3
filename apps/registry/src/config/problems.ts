import { escapeControls } from '../observe/escape.ts';
import { closest } from './closest.ts';

/** Where a part of the configuration was written: a place in a file, an environment variable, or a program's options. */
export type Origin =
  | { readonly file: string; readonly line: number; readonly column: number }
  | { readonly variable: string }
  | { readonly program: string };

/** Something about the configuration that its author should know. */
export interface Problem {
  readonly origin: Origin;
  /** The key's path: `http.addr`. Empty when the problem is with no key in particular. */
  readonly key: string;
  readonly message: string;
}

export interface ConfigurationErrorOptions extends ErrorOptions {
  /** What was ignored, one line each: it may explain the problems. */
  readonly warnings?: readonly string[];
}

/** The configuration cannot be used. Every problem is in `problems`, one line each; the message is all of them. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];
  readonly warnings: readonly string[];

  constructor(problems: readonly string[], options: ConfigurationErrorOptions = {}) {
    super(problems.join('\n'), options);
    this.problems = problems;
    this.warnings = options.warnings ?? [];
  }
}

/** One line: `config.yml:7:3: http.adr: unknown key, ignored; did you mean http.addr?` */
export function formatProblem({ origin, key, message }: Problem): string {
  const parts = [formatOrigin(origin), key, message].filter((part) => part !== '');
  // A key or a variable may hold anything, and a problem is one line.
  return parts.map(escapeControls).join(': ');
}

function formatOrigin(origin: Origin): string {
  if ('variable' in origin) return origin.variable;
  if ('program' in origin) return origin.program;
  return `${origin.file}:${origin.line}:${origin.column}`;
}

/** The end of a message about an unknown name; empty when nothing is near. */
export function suggest(text: string, candidates: Iterable<string>): string {
  const candidate = closest(text, candidates);
  return candidate === undefined ? '' : `; did you mean ${candidate}?`;
}
