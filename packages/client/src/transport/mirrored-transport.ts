import { displayUrl } from './display.ts';
import type { TransportObserver } from './observer.ts';
import { RegistryClientError } from './registry-client-error.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';

export interface Mirror {
  readonly url: URL;
  readonly transport: Transport;
  /** Whether it is asked what a tag names. */
  readonly byTag: boolean;
}

interface MirroredTransportOptions {
  readonly registry: URL;
  readonly transport: Transport;
  /** In the order in which they are asked. */
  readonly mirrors: readonly Mirror[];
  /** By which mirrors know the registry. */
  readonly namespace: string;
  readonly observer: TransportObserver;
  /** Milliseconds. Default by the clock. */
  readonly now?: (() => number) | undefined;
}

/** For so many milliseconds a mirror that did not answer is not asked. */
const REST_MS = 30_000;

/** What is pulled: a manifest or a blob. Uploads, listings and referrers are for the registry alone. */
const PULLED = /^\/v2\/.+\/(?:manifests|blobs)\/([^/]+)$/;

/**
 * Asks mirrors of a registry for what is pulled, one after the other, and then the registry: what one does not have, or
 * does not give, the next may. All else goes to the registry.
 *
 * @see OCI distribution-spec, "Registry Proxying".
 */
export class MirroredTransport implements Transport {
  readonly #options: MirroredTransportOptions;
  readonly #restsUntil = new Map<Mirror, number>();

  constructor(options: MirroredTransportOptions) {
    this.#options = options;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    const { registry, transport, mirrors, namespace } = this.#options;
    const path = pulledPath(request, registry);
    if (path === undefined) return transport.send(request);
    const isByTag = !path.slice(path.lastIndexOf('/')).includes(':');
    for (const mirror of mirrors) {
      if (this.#isResting(mirror) || (isByTag && !mirror.byTag)) continue;
      const answer = await this.#ask(mirror, mirrored(request, { mirror, path, namespace }));
      if (answer !== undefined) return answer;
    }
    return transport.send(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { transport, mirrors } = this.#options;
    const all = [transport, ...mirrors.map((mirror) => mirror.transport)];
    await Promise.all(all.map((each) => each[Symbol.asyncDispose]()));
  }

  /** `undefined` when another one has to be asked. */
  async #ask(mirror: Mirror, request: TransportRequest): Promise<TransportResponse | undefined> {
    try {
      return await mirror.transport.send(request);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (!RegistryClientError.is(error)) throw error;
      const { code, status } = error;
      if (code === 'UNAVAILABLE') this.#restsUntil.set(mirror, this.#now() + REST_MS);
      this.#options.observer({ kind: 'passed-over', url: displayUrl(mirror.url), code, status });
      return undefined;
    }
  }

  #isResting(mirror: Mirror): boolean {
    return this.#now() < (this.#restsUntil.get(mirror) ?? 0);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** The path of what is pulled, below the path of the registry; `undefined` for any other request. */
function pulledPath({ method, url }: TransportRequest, registry: URL): string | undefined {
  const base = basePath(registry);
  if (url.origin !== registry.origin || !url.pathname.startsWith(`${base}/`)) return undefined;
  const path = url.pathname.slice(base.length);
  const isPull = (method === 'GET' || method === 'HEAD') && PULLED.test(path);
  return isPull && !path.includes('/blobs/uploads/') ? path : undefined;
}

function mirrored(
  request: TransportRequest,
  { mirror, path, namespace }: { mirror: Mirror; path: string; namespace: string },
): TransportRequest {
  const url = new URL(mirror.url);
  url.pathname = `${basePath(mirror.url)}${path}`;
  url.search = request.url.search;
  url.searchParams.set('ns', namespace);
  // That a mirror does not have something says nothing of the registry.
  return { ...request, url, expect: request.expect.filter((status) => status < 400) };
}

function basePath({ pathname }: URL): string {
  return pathname.replace(/\/+$/, '');
}
