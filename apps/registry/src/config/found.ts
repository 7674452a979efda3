import { isSecretKey } from './secret-keys.ts';
import type { ConfigNode, MapNode } from './tree.ts';
import { withoutUrlSecrets } from './url-secrets.ts';

const LONGEST_FOUND = 80;

/** What stands where something else was expected, fit for a message: short, one line, and never a secret. */
export function describeFound(node: ConfigNode | undefined, key: string): string {
  if (node === undefined) return 'nothing';
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return describeMap(node);
  if (node.value === null) return 'nothing';
  if (isSecretKey(key)) return 'a value that is not shown';
  return shorten(withoutUrlSecrets(node.text)) || 'empty text';
}

function describeMap({ entries }: MapNode): string {
  const keys = [...entries.keys()];
  return keys.length === 0 ? 'an empty map' : `a map of ${shorten(keys.join(', '))}`;
}

function shorten(text: string): string {
  return text.length > LONGEST_FOUND ? `${text.slice(0, LONGEST_FOUND)}…` : text;
}
