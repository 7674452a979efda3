import type { RegistryRequest } from '@purser/registry-under-test';
import type { LargeRoot } from './large-root.ts';

export interface NamedRequest extends RegistryRequest {
  readonly name: string;
  /** Requests that change what they ask about are sent once. */
  readonly once?: boolean | undefined;
  /**
   * Which of the requests may cost more than the bound, since the server does few of them at a time: all, or the first
   * after a change of what is stored.
   */
  readonly priced?: 'all' | 'first' | undefined;
}

const ABSENT = `sha256:${'0'.repeat(64)}`;
const UPLOAD = '00000000-0000-4000-8000-000000000000';

/** The requests to a server that lets everyone do everything. */
export function openRequests(root: LargeRoot): readonly NamedRequest[] {
  const base = `/v2/${root.repository}`;
  return [
    get('/v2/'),
    get('/v2/_catalog'),
    get('/v2/_catalog?n=1'),
    { ...get('/v2/_catalog?n=1000'), priced: 'all' },
    get('/v2/_catalog?last=many/r010000'),
    get('/v2/_catalog?last=zzz'),
    { ...get(`${base}/tags/list`), priced: 'first' },
    get(`${base}/tags/list?n=1`),
    get(`${base}/tags/list?n=1000`),
    get(`${base}/tags/list?n=1&last=t0500`),
    get(`${base}/tags/list?n=1&last=zzz`),
    get('/v2/many/r000001/tags/list'),
    get('/v2/absent/tags/list'),
    get(`${base}/manifests/t000001`),
    get(`${base}/manifests/absent`),
    get(`${base}/manifests/${root.untagged[0]}`),
    get(`${base}/manifests/${ABSENT}`),
    get(`${base}/blobs/${root.blob}`),
    get(`${base}/blobs/${ABSENT}`),
    { ...get(`${base}/referrers/${root.subject}`), priced: 'first' },
    get(`${base}/referrers/${root.subject}?artifactType=absent/absent`),
    get(`${base}/referrers/${ABSENT}`),
    send('POST', `${base}/blobs/uploads/`),
    send('POST', `${base}/blobs/uploads/?mount=${ABSENT}`),
    send('POST', `${base}/blobs/uploads/?mount=${ABSENT}&from=many/r000001`),
    get(`${base}/blobs/uploads/${UPLOAD}`),
    send('PATCH', `${base}/blobs/uploads/${UPLOAD}`),
    send('PUT', `${base}/blobs/uploads/${UPLOAD}?digest=${ABSENT}`),
    send('DELETE', `${base}/blobs/uploads/${UPLOAD}`),
    send('PUT', `${base}/manifests/new`),
    send('DELETE', `${base}/blobs/${ABSENT}`),
    send('DELETE', `${base}/manifests/absent`),
    { ...send('DELETE', `${base}/manifests/t000000`), once: true },
    { ...send('DELETE', `${base}/manifests/${root.untagged[0]}`), once: true, priced: 'all' },
  ];
}

/** Deletions that each read every tag, for many clients at once. */
export function pricedRequests(root: LargeRoot): readonly NamedRequest[] {
  return root.untagged.slice(1).map((digest) => ({
    ...send('DELETE', `/v2/${root.repository}/manifests/${digest}`),
    priced: 'all',
  }));
}

/** The requests of an anonymous client to a server that hides all repositories. */
export function hiddenRequests(): readonly NamedRequest[] {
  return ['', '?n=1', '?n=1000', '?last=many/r010000'].map((query) => {
    const request = get(`/v2/_catalog${query}`);
    const priced = query === '?n=1000' ? 'all' : undefined;
    return { ...request, name: `${request.name}, all hidden`, priced };
  });
}

function get(path: string): NamedRequest {
  return send('GET', path);
}

function send(method: string, path: string): NamedRequest {
  const name = `${method} ${path.replaceAll(/sha256:([0-9a-f]{4})[0-9a-f]{60}/g, 'sha256:$1…')}`;
  return { name, method, path };
}
