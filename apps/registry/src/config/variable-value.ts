import { parseDocument, type ParsedDocument } from './document.ts';
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
export function readVariable(text: string, place: VariablePlace): ConfigNode {
  const { origin } = place;
  const document = parseDocument(text, () => origin);
  if (isLiteral(text, document, place)) return { kind: 'scalar', origin, text, value: text };
  if (document.problems.length > 0) throw new UnreadableValue(document.problems);
  return document.tree ?? { kind: 'scalar', origin, text: '', value: null };
}

const QUOTED = /^\s*(['"]).*\1\s*$/s;

function isLiteral(
  text: string,
  { tree, problems }: ParsedDocument,
  { shape, path }: VariablePlace,
): boolean {
  const isReadable = problems.length === 0;
  const isScalar = !isReadable || tree === undefined || tree.kind === 'scalar';
  if (text === '' || (isReadable && isScalar && QUOTED.test(text))) return false;
  // A driver of someone else does not say what it expects: a map of credentials, or a password.
  return shape.kind === 'text' || (shape.kind === 'anything' && isScalar && isSecretKey(path));
}
