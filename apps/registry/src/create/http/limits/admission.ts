import type { Socket } from 'node:net';
import { RegistryError } from '@purser/core';
import type { Context } from 'koa';
import type { Config } from '../../../config/schema.ts';
import type { Logger } from '../../../observe/logger.ts';
import { Slots } from './slots.ts';

type LimitsConfig = Config['http']['limits'];

/** Requests that one connection may have running: as many as HTTP/2 lets it, and more than any client pipelines. */
const MOST_ON_A_CONNECTION = 100;

/** Headers that only tokens for very many repositories reach, in characters: as much as Node.js takes unless told otherwise. */
const HEAVY_HEADERS = 16 * 1024;

/** Between two requests with such headers, of all clients: a flood of them takes a twentieth of the time of a process. */
const HEAVY_PACE_MS = 5;

/** A flood is told of once in this time. */
const TOLD_EVERY_MS = 10_000;

/**
 * Lets requests in as far as there are places. Transfers of blobs wait for the network for most of their time, and have
 * places of their own: however many of them are slow, others are answered.
 */
export class Admission {
  readonly #limits: LimitsConfig;
  readonly #logger: Logger;
  readonly #requests: Slots;
  readonly #transfers: Slots;
  /** The turn of requests with heavy headers. */
  readonly #heavy: Slots;
  readonly #running = new WeakMap<Socket, number>();
  #refused = 0;
  #toldAt = -Infinity;

  constructor(limits: LimitsConfig, logger: Logger) {
    const { requests, transfers, queue, queuetimeout: waitMs } = limits;
    this.#limits = limits;
    this.#logger = logger;
    this.#requests = new Slots({ places: requests, queue, waitMs, key: 'http.limits.requests' });
    this.#transfers = new Slots({ places: transfers, queue, waitMs, key: 'http.limits.transfers' });
    this.#heavy = new Slots({ places: 1, queue, waitMs, key: 'http.limits.queue' });
  }

  /**
   * Until its answer is over a request keeps its place.
   *
   * @throws RegistryError `TOOMANYREQUESTS`, `HEADERS_TOO_LARGE`, `REQUEST_TOO_LONG`.
   */
  admit(context: Context): Promise<void> | undefined {
    try {
      this.#checkSize(context);
      this.#enterConnection(context);
      const slots = isTransfer(context) ? this.#transfers : this.#requests;
      const wait = isHeavy(context)
        ? this.#enterInTurn(context, slots)
        : this.#enter(context, slots);
      return wait?.catch((error: unknown) => this.#refuse(error));
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** To read headers costs more than to send them: who sends many at a time waits, and not the others. */
  async #enterInTurn(context: Context, slots: Slots): Promise<void> {
    const departure = new AbortController();
    const leave = () => departure.abort();
    context.res.once('close', leave);
    try {
      await this.#heavy.take(departure.signal);
      setTimeout(() => this.#heavy.release(), HEAVY_PACE_MS);
    } finally {
      context.res.off('close', leave);
    }
    await this.#enter(context, slots);
  }

  #checkSize({ req, url }: Context): void {
    const { headers, urllength } = this.#limits;
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

  #enterConnection({ socket, res }: Context): void {
    const running = (this.#running.get(socket) ?? 0) + 1;
    if (running > MOST_ON_A_CONNECTION) {
      const message = `a connection has at most ${MOST_ON_A_CONNECTION} requests at a time: wait for answers, or open another`;
      throw new RegistryError('TOOMANYREQUESTS', { message });
    }
    this.#running.set(socket, running);
    res.once('close', () => this.#running.set(socket, this.#running.get(socket)! - 1));
  }

  #enter({ res }: Context, slots: Slots): Promise<void> | undefined {
    // Nothing would give the place back.
    if (res.closed) return undefined;
    const departure = new AbortController();
    const wait = slots.take(departure.signal);
    let hasPlace = wait === undefined;
    let isOver = false;
    res.once('close', () => {
      isOver = true;
      if (hasPlace) slots.release();
      else departure.abort();
    });
    return wait?.then(() => {
      // It may have left at the very moment.
      if (isOver) slots.release();
      else hasPlace = true;
    });
  }

  /** The log tells of it now and then. */
  #refuse(error: unknown): never {
    if (RegistryError.is(error, 'TOOMANYREQUESTS')) this.#tell();
    throw error;
  }

  #tell(): void {
    this.#refused++;
    if (performance.now() - this.#toldAt < TOLD_EVERY_MS) return;
    this.#toldAt = performance.now();
    this.#logger.warn('requests are refused: a limit of http.limits is reached', {
      refused: this.#refused,
      requests: this.#requests.taken,
      transfers: this.#transfers.taken,
    });
  }
}

function isHeavy({ req: { rawHeaders } }: Context): boolean {
  let length = 0;
  for (const text of rawHeaders) length += text.length;
  return length > HEAVY_HEADERS;
}

const BLOB_METHODS: ReadonlySet<string> = new Set(['GET', 'PATCH', 'POST', 'PUT']);

function isTransfer({ method, url }: Context): boolean {
  return BLOB_METHODS.has(method) && url.includes('/blobs/');
}
