import { describe, expect, it } from 'vitest';
import { CheckedWriter } from './checked-writer.ts';
import type { FileSink } from './file-sink.ts';

type Step = 'write' | 'commit' | 'close' | 'cancel';

/** Notes what it is asked to do, and fails where it is told to. */
class RecordingSink implements FileSink {
  readonly initialSize = 5;
  readonly steps: Step[] = [];
  readonly #failing: readonly Step[];

  constructor(...failing: readonly Step[]) {
    this.#failing = failing;
  }

  readonly write = () => this.#do('write');
  readonly commit = () => this.#do('commit');
  readonly close = () => this.#do('close');
  readonly cancel = () => this.#do('cancel');

  async #do(step: Step): Promise<void> {
    this.steps.push(step);
    if (this.#failing.includes(step)) throw new Error(`sink: ${step}`);
  }
}

const content = new Uint8Array(3);

function open(...failing: readonly Step[]): { writer: CheckedWriter; sink: RecordingSink } {
  const sink = new RecordingSink(...failing);
  const writer = new CheckedWriter(
    sink,
    (error, operation) => new Error(operation, { cause: error }),
  );
  return { writer, sink };
}

describe('CheckedWriter', () => {
  it('counts what was there and what was accepted', async () => {
    const { writer } = open();
    expect(writer.size).toBe(5);
    await writer.write(content);
    expect(writer.size).toBe(8);
  });

  it('does not count what failed, and fails the commit with the same error', async () => {
    const { writer, sink } = open('write');
    const failure = await writer.write(content).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: 'write', cause: { message: 'sink: write' } });
    expect(writer.size).toBe(5);
    await expect(writer.write(content)).rejects.toBe(failure);
    await expect(writer.commit()).rejects.toBe(failure);
    await writer.close();
    expect(sink.steps).toEqual(['write', 'close']);
  });

  it.each(['close', 'cancel'] as const)('can %s after a failed commit', async (ending) => {
    const { writer, sink } = open('commit');
    await expect(writer.commit()).rejects.toThrow('commit');
    await writer[ending]();
    await writer.close();
    expect(sink.steps).toEqual(['commit', ending]);
  });

  it('closes quietly after a failure that was told already', async () => {
    const { writer } = open('write', 'close');
    await expect(writer.write(content)).rejects.toThrow('write');
    await expect(writer.close()).resolves.toBeUndefined();
  });

  it('tells a failure that only shows when it is closed, once', async () => {
    const { writer } = open('close');
    await expect(writer.close()).rejects.toThrow('close');
    await expect(writer.close()).resolves.toBeUndefined();
  });

  it('tells a failed cancel, and is over then', async () => {
    const { writer } = open('cancel');
    await expect(writer.cancel()).rejects.toThrow('cancel');
    await expect(writer.commit()).rejects.toThrow(TypeError);
    await expect(writer.close()).resolves.toBeUndefined();
  });

  it('passes calls on one at a time, in their order', async () => {
    const { writer, sink } = open();
    await Promise.all([
      writer.write(content),
      writer.write(content),
      writer.commit(),
      writer.close(),
    ]);
    expect(sink.steps).toEqual(['write', 'write', 'commit']);
  });

  it('waits with close for a commit under way, and closes when that fails', async () => {
    const { writer, sink } = open('commit');
    const commit = writer.commit().catch(() => 'failed');
    await writer.close();
    expect(await commit).toBe('failed');
    expect(sink.steps).toEqual(['commit', 'close']);
  });
});
