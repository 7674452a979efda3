import type { Exchange } from './relay.ts';

/** How often a bucket was asked for what. */
export type RequestCounts = Readonly<Record<string, number>>;

/** Counts requests by what they ask of the bucket, by the JSON interface of Cloud Storage or the XML one. */
export function countRequests(exchanges: readonly Exchange[]): RequestCounts {
  const counts: Record<string, number> = {};
  for (const exchange of exchanges) {
    const kind = kindOf(exchange);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

export function totalOf(counts: RequestCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function kindOf({ method, path }: Exchange): string {
  const { pathname, searchParams } = new URL(path, 'http://bucket.invalid');
  if (pathname.startsWith('/upload/')) return kindOfUpload(method, searchParams);
  if (pathname.includes('/rewriteTo/') || pathname.includes('/copyTo/')) return 'copy';
  if (pathname.startsWith('/batch/')) return 'batch';
  if (method === 'DELETE') return 'delete';
  if (/\/b\/[^/]+\/o\/?$/.test(pathname)) return 'list';
  if (searchParams.get('alt') === 'media' || !/\/b\/[^/]+\/o\//.test(pathname)) return 'read';
  return 'stat';
}

function kindOfUpload(method: string, query: URLSearchParams): string {
  if (query.has('upload_id')) return 'send a chunk';
  return method === 'POST' && query.get('uploadType') === 'resumable' ? 'begin a session' : 'write';
}
