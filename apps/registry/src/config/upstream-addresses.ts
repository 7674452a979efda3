import type { Problem } from './problems.ts';
import { nodeAt, type ConfigNode, type MapNode } from './tree.ts';

/** Hosts of Docker Hub that are web pages. */
const HUB_PAGES: ReadonlySet<string> = new Set([
  'docker.io',
  'www.docker.io',
  'docker.com',
  'www.docker.com',
  'hub.docker.com',
]);

/** Warns of addresses of upstreams that cannot work: nobody notices them before the first pull fails. */
export function mistakenUpstreams(tree: MapNode): readonly Problem[] {
  const upstreams = nodeAt(tree, 'proxy', 'upstreams');
  const count = upstreams?.kind === 'list' ? upstreams.items.length : 0;
  const paths = [
    ['proxy', 'remoteurl'],
    ...Array.from({ length: count }, (_, index) => ['proxy', 'upstreams', `${index}`, 'remoteurl']),
  ];
  return paths.flatMap((path) => {
    const node = nodeAt(tree, ...path);
    const message = node && mistakeIn(node);
    return message === undefined ? [] : [{ origin: node!.origin, key: path.join('.'), message }];
  });
}

function mistakeIn(node: ConfigNode): string | undefined {
  const url = node.kind === 'scalar' ? URL.parse(node.text) : null;
  if (url === null) return undefined;
  if (HUB_PAGES.has(url.hostname)) {
    return `no registry answers at ${url.hostname}: Docker Hub is at https://registry-1.docker.io`;
  }
  const path = url.pathname.replace(/\/+$/, '');
  if (!/\/v[12]$/.test(path)) return undefined;
  return `the path of the API is added to it: write the URL without ${path.slice(-3)}`;
}
