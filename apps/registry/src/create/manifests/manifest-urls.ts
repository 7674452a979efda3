import { RegistryError } from '@purser/core';
import { RE2JS } from 're2js';
import type { Config } from '../../config/schema.ts';
import type { ManifestRule } from './manifest-rules.ts';

type UrlConfig = Config['validation']['urls'];

/**
 * Lets manifests name only URLs that the operator allows. Those of every descriptor are looked at, since clients try
 * the URLs of whatever they fetch; distribution looks at those of layers.
 *
 * @returns `undefined` when every URL is allowed.
 * @see distribution, registry/storage/ocimanifesthandler.go, and `validation.manifests.urls`.
 */
export function createUrlRule({ allow, deny }: UrlConfig): ManifestRule | undefined {
  if (allow.length === 0 && deny.length === 0) return undefined;
  const allowed = compile(allow);
  const denied = compile(deny);
  const isAllowed = (url: string) =>
    isWebUrl(url) && (allowed?.test(url) ?? true) && !(denied?.test(url) ?? false);

  return function checkUrls({ references }) {
    const urls = new Set(references.flatMap(({ descriptor }) => descriptor.urls ?? []));
    const [first, ...related] = [...urls].filter((url) => !isAllowed(url)).map(refuse);
    if (first === undefined) return;
    throw new RegistryError(first.code, { message: first.message, detail: first.detail, related });
  };
}

/** One pattern of all. It is searched for anywhere, in a time that grows with the text alone, whatever it is. */
function compile(patterns: readonly string[]): RE2JS | undefined {
  if (patterns.length === 0) return undefined;
  return RE2JS.compile(patterns.map((pattern) => `(?:${pattern})`).join('|'));
}

/** Printable ASCII without a backslash: what readers of URLs take for a part of one differently cannot pass a pattern. */
const UNAMBIGUOUS = /^[!-[\]-~]+$/;

function isWebUrl(text: string): boolean {
  if (!UNAMBIGUOUS.test(text)) return false;
  const url = URL.parse(text);
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.hash === '';
}

const LONGEST_SHOWN = 256;

function refuse(url: string): RegistryError {
  const shown = url.slice(0, LONGEST_SHOWN);
  const reason = `the registry does not allow this URL of a layer: ${shown}`;
  return new RegistryError('MANIFEST_INVALID', {
    message: `${reason}; leave it out, or ask the operator, whose validation.manifests.urls decides`,
    detail: { reason, url: shown },
  });
}
