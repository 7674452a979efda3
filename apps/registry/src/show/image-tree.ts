import { formatPlatform } from '@purser/client';
import { isObject, type Descriptor, type Digest, type Platform } from '@purser/core';
import { formatSize } from './sizes.ts';

/** A manifest and what it leads to, as `purser inspect --json` says it. */
export interface ImageNode {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Of the manifest itself, in bytes. */
  readonly size: number;
  readonly artifactType?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly subject?: Digest | undefined;
  /** The document that an image is run by. */
  readonly config?: unknown;
  readonly configDescriptor?: Descriptor | undefined;
  readonly layers?: readonly Descriptor[] | undefined;
  readonly manifests?: readonly ImageNode[] | undefined;
  readonly referrers?: readonly ImageNode[] | undefined;
}

/** What a manifest and all below it take, each piece once and referrers aside, in bytes. */
export function totalSizeOf(node: ImageNode): number {
  const pieces = new Map<Digest, number>();
  const collect = (one: ImageNode): void => {
    pieces.set(one.digest, one.size);
    for (const { digest, size } of [...(one.layers ?? []), ...optional(one.configDescriptor)]) {
      pieces.set(digest, size);
    }
    one.manifests?.forEach(collect);
  };
  collect(node);
  return [...pieces.values()].reduce((total, size) => total + size, 0);
}

/** Draws a tree, two spaces a level. */
export function treeAsLines(root: ImageNode): readonly string[] {
  return [...linesOf(root, 'manifest')];
}

function* linesOf(node: ImageNode, what: string): Iterable<string> {
  const platform = node.platform === undefined ? '' : ` ${formatPlatform(node.platform)}`;
  yield `${what}${platform} ${node.digest} ${formatSize(totalSizeOf(node))}`;
  for (const line of detailsOf(node)) yield `  ${line}`;
  for (const { digest, size, mediaType } of node.layers ?? []) {
    yield `  layer ${digest} ${formatSize(size)} ${mediaType}`;
  }
  for (const member of node.manifests ?? []) yield* indented(linesOf(member, 'manifest'));
  for (const referrer of node.referrers ?? []) yield* indented(linesOf(referrer, 'referrer'));
}

function* indented(lines: Iterable<string>): Iterable<string> {
  for (const line of lines) yield `  ${line}`;
}

function* detailsOf(node: ImageNode): Iterable<string> {
  yield `type ${[node.mediaType, ...optional(node.artifactType)].join(' ')}`;
  for (const subject of optional(node.subject)) yield `subject ${subject}`;
  for (const [name, value] of Object.entries(node.annotations ?? {})) {
    yield `annotation ${name}=${value}`;
  }
  for (const { digest, size } of optional(node.configDescriptor)) {
    yield `config ${digest} ${formatSize(size)}`;
  }
  for (const [name, value] of Object.entries(summaryOf(node.config))) yield `${name} ${value}`;
}

/** What most people look for in a config. */
function summaryOf(config: unknown): Readonly<Record<string, string>> {
  if (!isObject(config)) return {};
  const runtime = isObject(config['config']) ? config['config'] : {};
  const values = {
    created: config['created'],
    entrypoint: runtime['Entrypoint'],
    command: runtime['Cmd'],
    user: runtime['User'],
    directory: runtime['WorkingDir'],
  };
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => Boolean(value))
      .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

function optional<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}
