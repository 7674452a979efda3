import type { Connections, Role } from './connections.ts';
import { displayUrl } from './display.ts';
import { exchange, type ExchangeOptions, type Hop } from './exchange.ts';
import type { TransportObserver } from './observer.ts';
import type { TransportResponse } from './transport.ts';

/** Sends one request to a server of that role, and reports its answer. */
export type ExchangeAs = (hop: Hop, role: Role) => Promise<TransportResponse>;

interface ExchangeAsOptions extends ExchangeOptions {
  readonly connections: Connections;
  readonly observer: TransportObserver;
}

export function createExchangeAs({
  connections,
  observer,
  ...options
}: ExchangeAsOptions): ExchangeAs {
  return async function exchangeAs(hop, role) {
    const answer = await exchange(hop, connections.for(role, hop.isTransfer), options);
    const { method, url } = hop;
    observer({ kind: 'answered', method, url: displayUrl(url), status: answer.status });
    return answer;
  };
}
