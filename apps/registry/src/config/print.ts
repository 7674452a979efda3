import { Document, Pair, Scalar, YAMLMap, YAMLSeq, type Node } from 'yaml';
import { DEFAULT } from './effective.ts';
import type { Origin } from './problems.ts';
import { isSecretKey } from './secret-keys.ts';
import type { ConfigNode, MapNode, ScalarNode } from './tree.ts';
import { withoutUrlSecrets } from './url-secrets.ts';

/** Regular expressions: a `?` begins no query there. */
const PATTERNS = /^validation\.manifests\.urls\./;

/** What stands for a secret. */
const MASK = '***';

/**
 * The text of a configuration file that means the same, but for secrets, of which none is in it. What a variable says, and
 * what is a default, has a comment that tells so.
 */
export function printConfig(tree: MapNode): string {
  const document = new Document(null, { version: '1.1' });
  document.contents = nodeOf(tree, '') as never;
  document.directives!.yaml.explicit = false;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function nodeOf(node: ConfigNode, path: string): Node {
  switch (node.kind) {
    case 'scalar':
      return commented(scalarOf(node, path), node.origin);
    case 'list': {
      const list = new YAMLSeq();
      list.items = node.items.map((item, index) => nodeOf(item, `${path}.${index}`));
      list.flow = node.items.every(({ kind }) => kind === 'scalar');
      if (!list.flow) return list;
      for (const item of list.items as Node[]) delete item.comment;
      return commented(list, node.origin);
    }
    case 'map': {
      const map = new YAMLMap();
      map.items = [...node.entries].map(([key, entry]) => {
        const child = path === '' ? key : `${path}.${key}`;
        return new Pair(new Scalar(key), nodeOf(entry.node, child));
      });
      map.flow = map.items.length === 0;
      return map.flow ? commented(map, node.origin) : map;
    }
  }
}

function scalarOf({ value }: ScalarNode, path: string): Scalar {
  // Whether there are credentials is no secret.
  if (isSecretKey(path) && typeof value !== 'boolean') return new Scalar(MASK);
  const isUrl = typeof value === 'string' && !PATTERNS.test(path);
  return new Scalar(isUrl ? withoutUrlSecrets(value) : value);
}

function commented(node: Node, origin: Origin): Node {
  if (origin === DEFAULT) node.comment = ' default';
  else if ('variable' in origin) node.comment = ` ${origin.variable}`;
  return node;
}
