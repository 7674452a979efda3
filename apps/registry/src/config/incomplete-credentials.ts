import type { Problem } from './problems.ts';
import { isEmpty, nodeAt, type ConfigNode, type MapNode } from './tree.ts';

/** Keys that have an effect only together. */
const PAIRS = [
  { section: ['proxy'], name: 'username', secret: 'password' },
  { section: ['proxy', 'upstreams', '*'], name: 'username', secret: 'password' },
  { section: ['redis'], name: 'username', secret: 'password' },
  { section: ['redis'], name: 'sentinelusername', secret: 'sentinelpassword' },
] as const;

/** Warns of user names without a password: a variable that is empty or missing is noticed before requests fail. */
export function incompleteCredentials(tree: MapNode): readonly Problem[] {
  return PAIRS.flatMap(({ section, name, secret }) =>
    sectionsAt(tree, section).flatMap(({ node, path }) => {
      const user = nodeAt(node, name);
      const password = nodeAt(node, secret);
      if (user === undefined || isEmpty(user)) return [];
      if (password !== undefined && !isEmpty(password)) return [];
      if (nodeAt(node, 'exec') !== undefined || hasPassword(nodeAt(node, 'remoteurl'))) return [];
      const message = `without effect: there is no ${secret}`;
      return [{ origin: user.origin, key: `${path}.${name}`, message }];
    }),
  );
}

/** The URL of an upstream may hold the password. */
function hasPassword(node: ConfigNode | undefined): boolean {
  return node?.kind === 'scalar' && (URL.parse(node.text)?.password ?? '') !== '';
}

interface Section {
  readonly node: ConfigNode;
  readonly path: string;
}

function sectionsAt(root: ConfigNode, steps: readonly string[]): readonly Section[] {
  let sections: readonly Section[] = [{ node: root, path: '' }];
  for (const step of steps) {
    sections = sections.flatMap(({ node, path }) => {
      const names = step === '*' && node.kind === 'list' ? [...node.items.keys()] : [step];
      return names.flatMap((name) => {
        const below = nodeAt(node, name);
        return below === undefined
          ? []
          : [{ node: below, path: path === '' ? `${name}` : `${path}.${name}` }];
      });
    });
  }
  return sections;
}
