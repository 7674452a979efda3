import type { ReferencePolicy } from '@purser/storage';
import { RE2JS } from 're2js';
import { z } from 'zod';
import { flag, section, text } from './values.ts';

const platform = section({
  architecture: text('an architecture such as amd64'),
  os: text('an operating system such as linux'),
});

const patterns = z.array(
  text('a regular expression').refine(isPattern, {
    error: 'a regular expression of RE2, as Go has them',
  }),
  { error: 'a list of regular expressions' },
);

function isPattern(text: string): boolean {
  try {
    RE2JS.compile(text);
    return true;
  } catch {
    return false;
  }
}

export const validation = section({
  /** Members of indexes need not be there. Default `false`. */
  disabled: flag(false),
  /** Deprecated: wins over `disabled`. */
  enabled: z.boolean({ error: 'true or false' }).optional(),
  manifests: section({
    /** Whether config and layers must be there before a manifest: `all` or `none`. Default `all`. */
    blobs: z.enum(['all', 'none'], { error: 'all or none' }).default('all'),
    indexes: section({
      /** Which members must be there before an index: `all`, `none`, or those of `platformlist`. Default `all`. */
      platforms: text('all, none or list')
        .toLowerCase()
        .pipe(z.enum(['all', 'none', 'list'], { error: 'all, none or list' }))
        .default('all'),
      /** An empty list stands for all platforms. */
      platformlist: z.array(platform, { error: 'a list of platforms' }).default([]),
    }).prefault({}),
    /** Regular expressions of the URLs that manifests may name, and of those that they may not. Default: any. */
    urls: section({ allow: patterns.default([]), deny: patterns.default([]) }).prefault({}),
  }).prefault({}),
}).transform(({ disabled, enabled, manifests: { blobs, indexes, urls } }) => {
  const checked = indexes.platforms === 'list' && indexes.platformlist.length > 0;
  const wanted = checked ? indexes.platformlist : indexes.platforms === 'none' ? 'none' : 'all';
  const isOff = disabled && enabled !== true;
  const manifests: ReferencePolicy['manifests'] = isOff ? 'none' : wanted;
  return { blobs, manifests, urls: isOff ? { allow: [], deny: [] } : urls };
});
