import { flag, section, text } from './values.ts';

export const compatibility = section({
  schema1: section({
    /** Whether Docker's schema 1 is taken and given, and made of schema 2 for clients that know no other. */
    enabled: flag(false),
    /** A private key as PEM or JWK, which signs what has no signature of its own. One for each process when absent. */
    signingkeyfile: text('the path of a key').optional(),
  }).prefault({}),
});
