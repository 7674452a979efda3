import { z } from 'zod';
import { duration, flag, integer, isSection, section, text } from './values.ts';

const remoteUrl = () => text('a URL').refine(isRemoteUrl, { error: 'an http or https URL' });

/** A program that tells the credentials; they win over `username` and `password`. */
const exec = () =>
  section({ command: text('a program').min(1, { error: 'a program' }) }).optional();

const upstream = section({
  /** What the names of its repositories begin with here: `quay.io` makes `quay.io/coreos/etcd`. */
  prefix: text('the start of a name').min(1, { error: 'the start of a name' }),
  remoteurl: remoteUrl(),
  /** The values of `ns` that mean it. Default: the host of `remoteurl`, and `docker.io` for Docker Hub. */
  namespaces: z.array(text(), { error: 'a list' }).optional(),
  /** Whether it has what this registry does not: names are looked up there with the prefix. */
  fallback: flag(false),
  username: text().optional(),
  password: text().optional(),
  exec: exec(),
});

const keys = section({
  /** The registry that names are pulled from that no prefix fits. Without it they are this registry's own. */
  remoteurl: remoteUrl().optional(),
  username: text().optional(),
  password: text().optional(),
  exec: exec(),
  /** How long content is kept after it was fetched; 0 for ever. Default 168h. */
  ttl: duration({ longest: 'any' }).default(168 * 60 * 60 * 1000),
  /** The most bytes of pulled content that are kept. Default: no limit. */
  maxbytes: integer().min(1, { error: 'an integer, 1 or more' }).optional(),
  /** Where content lies that is on its way. Default: the system's directory for temporary files. */
  spooldirectory: text('the path of a directory').optional(),
  /** Further registries, by the start of a name and by `ns`. */
  upstreams: z.array(upstream, { error: 'a list of upstreams' }).default([]),
});

export const proxy = keys
  .refine(
    ({ upstreams }) => new Set(upstreams.map(({ prefix }) => prefix)).size === upstreams.length,
    { path: ['upstreams'], error: 'upstreams of different prefixes', when: isSection },
  )
  .refine(({ upstreams }) => fallbacksOf(upstreams).length <= 1, {
    path: ['upstreams'],
    error: 'at most one upstream with fallback: true',
    when: isSection,
  })
  .refine(
    ({ remoteurl, upstreams }) => remoteurl === undefined || fallbacksOf(upstreams).length === 0,
    {
      path: ['upstreams'],
      error: 'no fallback: true with proxy.remoteurl, which has every name without a prefix',
      when: isSection,
    },
  );

function fallbacksOf(upstreams: readonly { readonly fallback: boolean }[]) {
  return upstreams.filter(({ fallback }) => fallback);
}

function isRemoteUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol);
}
