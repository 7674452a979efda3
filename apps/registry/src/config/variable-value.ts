import { parseDocument } from './document.ts';
import type { KeyShape } from './keys.ts';
import type { Origin, Problem } from './problems.ts';
import { isSecretKey } from './secret-keys.ts';
import type { ConfigNode } from './tree.ts';

/** A value that cannot be read; every problem with it is in `problems`. */
export class UnreadableValue extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ message }) => message).join('\n'));
    this.problems = problems;
  }
}

export interface VariablePlace {
  readonly shape: KeyShape;
  readonly path: string;
  readonly origin: Origin;
}

/**
 * Reads the value of a variable as its key expects it. Text is taken literally, so that a password with `#`, `[` or `: ` is what it
 * is; a quoted YAML scalar stands for what is quoted. Any other value is YAML.
 *
 * @throws UnreadableValue
 */
export function readVariable(text: string, { shape, path, origin }: VariablePlace): ConfigNode {
  const document = parseDocument(text, () => origin);
  const { tree = { kind: 'scalar', origin, text: '', value: null } } = document;
  const isReadable = document.problems.length === 0;
  const literal: ConfigNode = { kind: 'scalar', origin, text, value: text };
  const isQuoted = isReadable && tree.kind === 'scalar' && /^\s*(['"]).*\1\s*$/s.test(text);
  if (text !== '' && !isQuoted) {
    if (shape.kind === 'text') return literal;
    // A driver of someone else does not say what it expects: a map of credentials, or a password.
    const isScalar = !isReadable || tree.kind === 'scalar';
    if (shape.kind === 'anything' && isScalar && isSecretKey(path)) return literal;
  }
  if (!isReadable) throw new UnreadableValue(document.problems);
  return tree;
}
