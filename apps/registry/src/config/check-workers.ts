import type { z } from 'zod';

interface Checked {
  readonly http: { readonly workers: number };
  readonly storage: { readonly driver: { readonly name: string } };
  readonly proxy: { readonly remoteurl?: unknown; readonly upstreams: readonly unknown[] };
}

/** What several processes could not do together is refused. */
export function checkWorkers({ http, storage, proxy }: Checked, context: z.RefinementCtx): void {
  if (http.workers === 1) return;
  const refuse = (reason: string) =>
    context.addIssue({ code: 'custom', path: ['http', 'workers'], message: `1 with ${reason}` });
  if (storage.driver.name === 'inmemory') {
    refuse('storage.inmemory, whose content each process would have for itself');
  }
  if (proxy.remoteurl !== undefined || proxy.upstreams.length > 0) {
    refuse('a proxy, of which one process has to know what was pulled and when it expires');
  }
}
