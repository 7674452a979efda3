import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { BaseDriver } from './base-driver.ts';
import type { Entry, FileInfo } from './driver.ts';
import { entriesOf } from './entries-of.ts';
import { DriverError } from './errors.ts';
import type { FileSink } from './file-sink.ts';
import { Refusal } from './refusal.ts';

/** Fails with what it is given, in every call. */
class FailingDriver extends BaseDriver {
  readonly name = 'failing';
  readonly #error: unknown;
  calls = 0;

  constructor(error: unknown) {
    super();
    this.#error = error;
  }

  protected override doGetContent = () => this.#fail<Uint8Array>();
  protected override doPutContent = () => this.#fail<void>();
  protected override doOpenReader = () => this.#fail<Readable>();
  protected override doOpenWriter = () => this.#fail<FileSink>();
  protected override doStat = () => this.#fail<FileInfo | undefined>();
  protected override doMove = () => this.#fail<void>();
  protected override doDelete = () => this.#fail<void>();
  protected override doLocate = () => this.#fail<URL | undefined>();

  protected override async *doList(): AsyncGenerator<readonly Entry[], void> {
    await this.#fail();
    yield [];
  }

  protected override codeOf(error: unknown, operation: string): 'BUSY' | undefined {
    return (error as Error).message === `busy in ${operation}` ? 'BUSY' : undefined;
  }

  async #fail<T>(): Promise<T> {
    this.calls++;
    throw this.#error;
  }
}

const CALLS: Readonly<
  Record<string, (driver: BaseDriver, signal?: AbortSignal) => Promise<unknown>>
> = {
  getContent: (driver, signal) => driver.getContent('/a', { signal }),
  putContent: (driver, signal) => driver.putContent('/a', new Uint8Array(), { signal }),
  openReader: (driver, signal) => driver.openReader('/a', { signal }),
  openWriter: (driver, signal) => driver.openWriter('/a', { signal }),
  stat: (driver, signal) => driver.stat('/a', { signal }),
  list: (driver, signal) => firstOf(driver.list('/a', { signal })),
  walk: (driver, signal) => firstOf(driver.walk('/a', { signal })),
  move: (driver, signal) => driver.move('/a', '/b', { signal }),
  delete: (driver, signal) => driver.delete('/a', { signal }),
  locate: (driver, signal) => driver.locate('/a', { method: 'GET', signal }),
};

async function firstOf<T>(entries: AsyncIterable<T>): Promise<T | undefined> {
  for await (const entry of entries) return entry;
  return undefined;
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

describe.each(Object.entries(CALLS))('%s of a driver', (operation, call) => {
  it('stamps an unknown failure, and keeps it as the cause', async () => {
    const cause = new Error('the disk is on fire');
    const error = await failureOf(call(new FailingDriver(cause)));
    expect(DriverError.is(error, 'FAILED')).toBe(true);
    expect(error).toMatchObject({ driver: 'failing', operation, path: '/a', cause });
  });

  it('stamps even what is no error', async () => {
    const error = await failureOf(call(new FailingDriver('text')));
    expect(error).toMatchObject({ code: 'FAILED', operation, cause: 'text' });
  });

  it('asks the driver for the code of its failure', async () => {
    const error = await failureOf(call(new FailingDriver(new Error(`busy in ${operation}`))));
    expect(error).toMatchObject({ code: 'BUSY', operation, path: '/a' });
  });

  it('stamps a refusal with its code, and its path when it has one', async () => {
    const plain = new FailingDriver(new Refusal('NO_SPACE', { message: 'the bucket is full' }));
    const error = await failureOf(call(plain));
    expect(error).toMatchObject({ code: 'NO_SPACE', driver: 'failing', operation, path: '/a' });
    expect((error as Error).message).toBe(`failing: ${operation} /a: the bucket is full`);
    const elsewhere = new FailingDriver(new Refusal('NO_SPACE', { path: '/b' }));
    expect(await failureOf(call(elsewhere))).toMatchObject({ code: 'NO_SPACE', path: '/b' });
  });

  it('passes a DriverError as it is', async () => {
    const inner = new DriverError('BUSY', { driver: 'inner', operation: 'x', path: '/y' });
    expect(await failureOf(call(new FailingDriver(inner)))).toBe(inner);
  });

  it('gives the reason of the signal when the work was aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('the client left');
    const abort = new FailingDriver(Object.assign(new Error('aborted'), { name: 'AbortError' }));
    const failure = failureOf(call(abort, controller.signal));
    controller.abort(reason);
    expect(await failure).toBe(reason);
  });

  it('does not take another failure for an abort', async () => {
    const controller = new AbortController();
    const cause = new Error('the disk is on fire');
    const failure = failureOf(call(new FailingDriver(cause), controller.signal));
    controller.abort();
    expect(await failure).toMatchObject({ code: 'FAILED', cause });
  });

  it('does not reach the backend with a signal that was aborted before', async () => {
    const driver = new FailingDriver(new Error('reached'));
    const reason = new Error('too late');
    expect(await failureOf(call(driver, AbortSignal.abort(reason)))).toBe(reason);
    expect(driver.calls).toBe(0);
  });
});

/** Gives readers and sinks that are handed in, and lists what it is told to. */
class HandedDriver extends FailingDriver {
  readonly #given: { reader?: Readable; sink?: FileSink; entries?: readonly Entry[] };

  constructor(given: { reader?: Readable; sink?: FileSink; entries?: readonly Entry[] }) {
    super(new Error('not handed in'));
    this.#given = given;
  }

  protected override doOpenReader = async () => this.#given.reader ?? Readable.from([]);
  protected override doOpenWriter = async () => this.#given.sink as FileSink;

  protected override async *doList(): AsyncGenerator<readonly Entry[], void> {
    yield this.#given.entries ?? [];
  }
}

describe('a reader that the base gives', () => {
  it('is destroyed with the reason when the signal is aborted, and lets go of the signal', async () => {
    const reader = new Readable({ read() {} });
    const controller = new AbortController();
    await new HandedDriver({ reader }).openReader('/a', { signal: controller.signal });
    const reason = new Error('the client left');
    controller.abort(reason);
    expect(reader.errored).toBe(reason);
  });

  it('is destroyed when the signal was aborted while it was opened', async () => {
    const reader = new Readable({ read() {} });
    const controller = new AbortController();
    const opening = new HandedDriver({ reader }).openReader('/a', { signal: controller.signal });
    const reason = new Error('the client left');
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
    expect(reader.destroyed).toBe(true);
  });
});

describe('a writer that the base gives', () => {
  it.each(['write', 'commit', 'close', 'cancel'] as const)('stamps a failed %s', async (step) => {
    const cause = new Error('the disk is on fire');
    const fine = () => Promise.resolve();
    const sink: FileSink = { initialSize: 0, write: fine, commit: fine, close: fine, cancel: fine };
    const failing = { ...sink, [step]: () => Promise.reject(cause) };
    const writer = await new HandedDriver({ sink: failing }).openWriter('/a/b');
    const error = await failureOf(
      step === 'write' ? writer.write(new Uint8Array()) : writer[step](),
    );
    expect(error).toMatchObject({ code: 'FAILED', operation: step, path: '/a/b', cause });
  });
});

describe('a listing that the base gives', () => {
  it('leaves out names that no path can have', async () => {
    const names = ['good', 'lost+found', 'with space', '..', 'ä', 'x~'];
    const entries = names.map((name) => ({ name, path: `/d/${name}`, isDirectory: false }));
    const driver = new HandedDriver({ entries });
    const found: string[] = [];
    for await (const { path } of entriesOf(driver.list('/d'))) found.push(path);
    for await (const { path } of driver.walk('/d')) found.push(path);
    expect(found).toEqual(['/d/good', '/d/good']);
  });
});
