import { DEFAULT_MAXIMUM_MANIFEST_SIZE, RegistryError, type Caller } from '@purser/core';
import type { Context } from 'koa';
import type { Config } from '../../../config/schema.ts';
import type { Logger } from '../../../observe/logger.ts';
import type { ClientAddresses } from './client-addresses.ts';
import { connectionOf, Exchange } from './exchange.ts';
import { Places, type Place, type TakeOptions } from './places.ts';
import { Transfers } from './transfers.ts';

type LimitsConfig = Config['http']['limits'];

/** Requests of one connection at a time: as many as HTTP/2 lets it open, and more than any client pipelines. */
const MAXIMUM_PER_CONNECTION = 100;

/** Headers that only tokens for very many repositories reach, in characters: as much as Node.js takes unless told otherwise. */
const HEAVY_HEADERS = 16 * 1024;

/** Between two requests with such headers, of all clients: a flood of them takes a twentieth of the time of a process. */
const HEAVY_PACE_MS = 5;

/** The log tells of refusals at most once in this time. */
const REPORT_EVERY_MS = 10_000;

export interface AdmissionOptions {
  readonly limits: LimitsConfig;
  readonly logger: Logger;
  readonly addresses: ClientAddresses;
  /** Whether callers are identified at all: without access control, no request is anonymous. */
  readonly identifiesCallers: boolean;
}

/**
 * Admits requests while there are places. A place belongs to work: it is given back when the handler is done, whether
 * the client has taken the answer or not. A request that can wait for its client in the middle of the work has a place
 * of another kind: however many of them are slow, other requests are answered.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #requests: Places;
  /** Blobs on their way. */
  readonly #blobs: Transfers;
  /** Manifests on their way in. They are held in memory, so that their places are bytes. */
  readonly #manifests: Transfers;
  /** One place, for requests with heavy headers. */
  readonly #heavy: Places;
  readonly #running = new WeakMap<object, number>();
  readonly #places = new WeakMap<Context, Place>();
  #refused = 0;
  #reportedAt = -Infinity;

  constructor(options: AdmissionOptions) {
    const { limits } = options;
    const optionsFor = (places: number, key: string) => ({
      places,
      key: `http.limits.${key}`,
      clientShare: limits.clientshare,
      anonymousShare: limits.anonymousshare,
      queue: limits.queue,
      waitMs: limits.queuetimeout,
    });
    this.#options = options;
    this.#requests = new Places(optionsFor(limits.requests, 'requests'));
    this.#blobs = new Transfers(optionsFor(limits.transfers, 'transfers'));
    this.#manifests = new Transfers(optionsFor(limits.waitingbytes, 'waitingbytes'));
    this.#heavy = new Places(optionsFor(1, 'queue'));
  }

  /**
   * Admits a request, or waits until it can.
   *
   * @returns Disposing of it ends the work.
   * @throws RegistryError `TOOMANYREQUESTS`, `HEADERS_TOO_LARGE`, `REQUEST_TOO_LONG`.
   */
  admit(context: Context): Disposable | Promise<Disposable> {
    try {
      this.#checkSize(context);
      this.#enterConnection(context);
      const admitted = isHeavy(context) ? this.#enterInTurn(context) : this.#enter(context);
      if (!(admitted instanceof Promise)) return admitted;
      return admitted.catch((error: unknown) => this.#refuse(error));
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Called when the caller of a request is known. A token can be valid and name nobody. */
  identify({ user = '' }: Caller, context: Context): void {
    if (user !== '') this.#places.get(context)?.identify();
  }

  /** Requests with large headers are admitted one at a time, so that a flood of them delays only its sender. */
  async #enterInTurn(context: Context): Promise<Disposable> {
    const signal = departureOf(context);
    const turn = await this.#heavy.take(this.#exchangeOf(context), { signal, isIdentified: true });
    setTimeout(() => turn[Symbol.dispose](), HEAVY_PACE_MS);
    return this.#enter(context);
  }

  #checkSize({ req, url }: Context): void {
    const { headers, urllength } = this.#options.limits;
    // Those of HTTP/2 are counted before there is a request, and what stands for its first line is among them.
    if (req.httpVersionMajor === 1 && req.rawHeaders.length > 2 * headers) {
      const message = `a request has at most ${headers} headers: send fewer`;
      throw new RegistryError('HEADERS_TOO_LARGE', { message });
    }
    if (url.length > urllength) {
      const message = `a URL has at most ${urllength} characters: ask for less at once`;
      throw new RegistryError('REQUEST_TOO_LONG', { message });
    }
  }

  #enterConnection({ req, res }: Context): void {
    const connection = connectionOf(req);
    const running = (this.#running.get(connection) ?? 0) + 1;
    if (running > MAXIMUM_PER_CONNECTION) {
      const message = `a connection has at most ${MAXIMUM_PER_CONNECTION} requests at a time: wait for answers, or open another`;
      throw new RegistryError('TOOMANYREQUESTS', { message });
    }
    this.#running.set(connection, running);
    res.once('close', () => this.#running.set(connection, this.#running.get(connection)! - 1));
  }

  #enter(context: Context): Place | Promise<Place> {
    const signal = departureOf(context);
    signal.throwIfAborted();
    const isIdentified = !this.#options.identifiesCallers;
    const place = this.#take(context, { signal, isIdentified });
    if (!(place instanceof Promise)) return this.#keep(context, place);
    return place.then((taken) => this.#keep(context, taken));
  }

  #take(context: Context, options: TakeOptions): Place | Promise<Place> {
    const { method, url } = context;
    const exchange = this.#exchangeOf(context);
    const isPush = PUSHING.has(method);
    const isOfBlob = url.includes('/blobs/');
    if (isOfBlob && (isPush || method === 'GET')) return this.#blobs.take(exchange, options);
    if (isPush) return this.#manifests.take(exchange, { ...options, weight: bytesOf(context) });
    return this.#requests.take(exchange, options);
  }

  #keep(context: Context, place: Place): Place {
    this.#places.set(context, place);
    return place;
  }

  #exchangeOf({ req, res }: Context): Exchange {
    return new Exchange(req, res, this.#options.addresses.of(req));
  }

  /** The log tells of it now and then. */
  #refuse(error: unknown): never {
    if (RegistryError.is(error, 'TOOMANYREQUESTS')) this.#report();
    throw error;
  }

  #report(): void {
    this.#refused++;
    if (performance.now() - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = performance.now();
    this.#options.logger.warn('requests are refused: a limit of http.limits is reached', {
      refused: this.#refused,
      requests: this.#requests.taken,
      transfers: this.#blobs.taken,
      manifestbytes: this.#manifests.taken,
    });
  }
}

/** Aborted when the client leaves before its request is admitted. */
function departureOf({ res }: Context): AbortSignal {
  const departure = new AbortController();
  if (res.closed) departure.abort();
  else res.once('close', () => departure.abort());
  return departure.signal;
}

function isHeavy({ req: { rawHeaders } }: Context): boolean {
  let length = 0;
  for (const text of rawHeaders) length += text.length;
  return length > HEAVY_HEADERS;
}

const PUSHING: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT']);

/** The memory that a push takes besides its body. */
const BYTES_PER_PUSH = 16 * 1024;

/** The most that the body of a manifest can take: what is longer is not read. */
function bytesOf({ req }: Context): number {
  const length = Number(req.headers['content-length'] ?? DEFAULT_MAXIMUM_MANIFEST_SIZE);
  return BYTES_PER_PUSH + Math.min(length, DEFAULT_MAXIMUM_MANIFEST_SIZE);
}
