import type { SaidOf } from './said-of.ts';

/** What Purser answers otherwise, and why that is meant. */
export interface ConfigurationDifference {
  /** The requests that are answered otherwise. */
  readonly asked: readonly string[];
  /** In these configurations; in all when absent. */
  readonly configurations?: readonly string[];
  readonly theirs: Said;
  readonly ours: Said;
  readonly reason: string;
}

/** No other header and nothing else of the answer is compared. */
type Said = Pick<SaidOf, 'status' | 'codes'> & Partial<Pick<SaidOf, 'headers'>>;

const WRITES = [
  ...['config', 'layer'].flatMap((name) => [`begin an upload of the ${name}`, `mount the ${name}`]),
  'push a manifest',
  'push it under another tag',
  'push it to another repository',
  'push it under a wrong digest',
  'push what is no manifest',
  'delete a blob',
  'delete an unknown blob',
  'delete a manifest',
  'delete it again',
];

const REFUSED: Said = { status: 405, codes: ['UNSUPPORTED'] };

const REDIRECTED: Said = {
  status: 307,
  headers: {
    location:
      'https://mirror.example/docker/registry/v2/blobs/sha256/46/4676e76c35c7568963d0d6e4d182eeafcf7149cc68037a50722ac6bf685f2a63/data',
  },
};

export const CONFIGURATION_DIFFERENCES: readonly ConfigurationDifference[] = [
  {
    asked: ['a path that is none'],
    theirs: { status: 404, codes: [] },
    ours: { status: 404, codes: ['UNSUPPORTED'] },
    reason: 'text of the web framework; here an error of the registry API, with the headers',
  },
  {
    asked: ['an upload that is none'],
    configurations: ['read-only mode', 'pull-through'],
    theirs: { status: 404, codes: ['BLOB_UPLOAD_INVALID'] },
    ours: REFUSED,
    reason: 'it looks at the upload first; here nothing is written, whatever it is',
  },
  {
    asked: ['an upload that is none'],
    theirs: { status: 404, codes: ['BLOB_UPLOAD_INVALID'] },
    ours: { status: 404, codes: ['BLOB_UPLOAD_UNKNOWN'] },
    reason: 'its upload URLs carry a state that can be missing; here they carry none',
  },
  {
    asked: WRITES,
    configurations: ['read-only mode'],
    theirs: { status: 405, codes: [] },
    ours: REFUSED,
    reason: 'text of the web framework; here an error of the registry API',
  },
  {
    asked: ['a large page of the catalog'],
    configurations: ['a cache, and pages of two', 'everything by the environment'],
    theirs: { status: 400, codes: ['PAGINATION_NUMBER_INVALID'] },
    ours: { status: 400, codes: ['UNSUPPORTED'] },
    reason: 'the code is none of the OCI specification',
  },
  {
    asked: ['push a manifest with a denied URL', 'push a manifest with a URL that no rule allows'],
    theirs: { status: 500, codes: ['UNKNOWN', 'UNKNOWN', 'MANIFEST_BLOB_UNKNOWN'] },
    ours: { status: 400, codes: ['MANIFEST_INVALID'] },
    reason: 'the mistake is that of the client',
  },
  {
    asked: ['a blob', 'a blob, by HEAD', 'a part of a blob'],
    configurations: ['redirects'],
    theirs: REDIRECTED,
    ours: REDIRECTED,
    reason: 'no Docker-Content-Digest; here it is there, as on every answer about a blob',
  },
  {
    asked: ['push it under a wrong digest'],
    configurations: ['pull-through'],
    theirs: { status: 400, codes: ['DIGEST_INVALID'] },
    ours: REFUSED,
    reason: 'it reads the manifest first; here nothing is pushed, whatever it is',
  },
  {
    asked: ['GET an unknown digest'],
    configurations: ['pull-through'],
    theirs: { status: 500, codes: ['UNKNOWN', 'MANIFEST_UNKNOWN'] },
    ours: { status: 404, codes: ['MANIFEST_UNKNOWN'] },
    reason: 'what upstream does not know is not there',
  },
  {
    asked: ['HEAD an unknown digest'],
    configurations: ['pull-through'],
    theirs: { status: 500 },
    ours: { status: 404 },
    reason: 'the same',
  },
];

/** The difference that is declared for a request; the first one that fits. */
export function differenceAt(
  configuration: string,
  asked: string,
): ConfigurationDifference | undefined {
  return CONFIGURATION_DIFFERENCES.find(
    (difference) =>
      difference.asked.includes(asked) &&
      (difference.configurations?.includes(configuration) ?? true),
  );
}
