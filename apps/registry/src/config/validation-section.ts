import type { ReferencePolicy } from '@purser/storage';
import { z } from 'zod';
import { flag, section, text } from './values.ts';

const platform = section({
  architecture: text('an architecture such as amd64'),
  os: text('an operating system such as linux'),
});

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
  }).prefault({}),
}).transform(({ disabled, enabled, manifests: { blobs, indexes } }) => {
  const checked = indexes.platforms === 'list' && indexes.platformlist.length > 0;
  const wanted = checked ? indexes.platformlist : indexes.platforms === 'none' ? 'none' : 'all';
  const manifests: ReferencePolicy['manifests'] = disabled && enabled !== true ? 'none' : wanted;
  return { blobs, manifests };
});
