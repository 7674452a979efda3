import { z } from 'zod';
import { isRedirectBase } from '../create/storage/redirect-middleware.ts';
import { flag, section, text } from './values.ts';

const storageMiddleware = section({
  name: z.literal('redirect', {
    error: 'redirect: cloudfront and rewrite are for the URLs of s3 and azure',
  }),
  disabled: flag(false),
  options: section({
    /** Clients are sent for content to this URL, followed by the path in the storage. */
    baseurl: text('an http or https URL').refine(isRedirectBase, {
      error: 'an http or https URL',
    }),
  }),
});

export const middleware = section({
  /** Each wraps the one before. */
  storage: z.array(storageMiddleware, { error: 'a list' }).default([]),
});
