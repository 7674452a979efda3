import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientAddresses } from './client-addresses.ts';
import { Exchange } from './exchange.ts';

/** The memory of an answer besides its bytes: objects, and buffers of the connection. Measured with streams of HTTP/2. */
const BYTES_PER_ANSWER = 64 * 1024;

/** Percentage of the share of a client that one connection can have. */
const CONNECTION_SHARE = 50;

/** Cuts go on until so much of a limit is left, so that not every answer that follows looks at all of them. */
const RELIEVED = 0.9;

export interface UntakenLimits {
  /** Bytes. */
  readonly waitingbytes: number;
  /** Percentage of one client address. */
  readonly clientshare: number;
}

interface Untaken {
  readonly exchange: Exchange;
  bytes: number;
}

/**
 * Answers that are complete for the server, and that clients have not taken: they have no place any more, and memory
 * is what they cost. Beyond a limit for all, for one client or for one connection, those are cut that have
 * stood still for longest.
 */
export class UntakenAnswers {
  readonly #limits: UntakenLimits;
  readonly #addresses: ClientAddresses;
  readonly #all = new Group();
  readonly #groups = new Map<unknown, Group>();

  constructor(limits: UntakenLimits, addresses: ClientAddresses) {
    this.#limits = limits;
    this.#addresses = addresses;
  }

  /** Called when the server is done with a request. Nothing happens if the client has taken the answer. */
  add(request: IncomingMessage, response: ServerResponse): void {
    if (response.closed || response.destroyed || response.writableFinished) return;
    const exchange = new Exchange(request, response, this.#addresses.of(request));
    const answer = { exchange, bytes: exchange.untaken + BYTES_PER_ANSWER };
    const { waitingbytes, clientshare } = this.#limits;
    const ofClient = (waitingbytes * clientshare) / 100;
    const levels = [
      [this.#group(exchange.connection), (ofClient * CONNECTION_SHARE) / 100],
      [this.#group(exchange.client), ofClient],
      [this.#all, waitingbytes],
    ] as const;
    for (const [group] of levels) group.add(answer);
    response.once('close', () => this.#delete(answer));
    for (const [group, limit] of levels) if (group.bytes > limit) this.#relieve(group, limit);
  }

  #group(key: unknown): Group {
    const found = this.#groups.get(key) ?? new Group();
    this.#groups.set(key, found);
    return found;
  }

  #delete(answer: Untaken): void {
    const { connection, client } = answer.exchange;
    this.#all.delete(answer);
    for (const key of [connection, client]) {
      const group = this.#groups.get(key);
      group?.delete(answer);
      if (group?.answers.size === 0) this.#groups.delete(key);
    }
  }

  /** Counts again what is left to take, and cuts until it is little enough. One answer is never too many. */
  #relieve(group: Group, limit: number): void {
    const stalledMs = new Map([...group.answers].map((it) => [it, it.exchange.look()]));
    for (const answer of group.answers) this.#recount(answer);
    if (group.bytes <= limit) return;
    const ranked = [...stalledMs].toSorted(
      ([a, aStalledMs], [b, bStalledMs]) => bStalledMs - aStalledMs || b.bytes - a.bytes,
    );
    for (const [answer] of ranked.slice(0, -1)) {
      if (group.bytes <= limit * RELIEVED) return;
      this.#delete(answer);
      answer.exchange.cut();
    }
  }

  #recount(answer: Untaken): void {
    const bytes = answer.exchange.untaken + BYTES_PER_ANSWER;
    const { connection, client } = answer.exchange;
    for (const group of [this.#all, this.#groups.get(connection), this.#groups.get(client)]) {
      if (group !== undefined) group.bytes += bytes - answer.bytes;
    }
    answer.bytes = bytes;
  }
}

class Group {
  readonly answers = new Set<Untaken>();
  bytes = 0;

  add(answer: Untaken): void {
    this.answers.add(answer);
    this.bytes += answer.bytes;
  }

  delete(answer: Untaken): void {
    if (this.answers.delete(answer)) this.bytes -= answer.bytes;
  }
}
