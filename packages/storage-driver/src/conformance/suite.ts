import assert from 'node:assert/strict';
import type { StorageDriver } from '../driver.ts';

/** `true`, or the reason in words why not, which the skipped tests show. */
export type Support = true | string;

/** What a driver may leave out. */
export interface DriverSupport {
  /** Whether `locate` gives URLs that this process can fetch. Unless `true`, it must give `undefined`. */
  readonly redirects?: Support | undefined;
  /** Whether files of several GiB fit. Default `true`. */
  readonly largeFiles?: Support | undefined;
  /**
   * Whether a file cannot be written over a directory, nor below a file. A backend without directories cannot tell.
   * Default `true`.
   */
  readonly exclusivePaths?: Support | undefined;
  /** Whether the driver has `create`. Default `true`. */
  readonly exclusiveCreation?: Support | undefined;
  /** Whether `/A` and `/a` are two files. Default `true`. */
  readonly caseSensitivePaths?: Support | undefined;
}

export interface DriverUnderTest {
  /** New, empty and used by one test alone. */
  readonly driver: StorageDriver;
  /** Removes what the test left; may also check that nothing is left which `walk` does not show. */
  readonly cleanUp?: (() => void | Promise<void>) | undefined;
}

/** Defines a test, like that of `node:test` and of vitest. */
export interface DefineTest {
  (name: string, body: () => Promise<void>): unknown;
  skip(name: string, body: () => Promise<void>): unknown;
}

export interface DriverConformanceOptions {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: DefineTest;
  createDriver(): DriverUnderTest | Promise<DriverUnderTest>;
  readonly supports?: DriverSupport | undefined;
  /** Bytes of the very large file: an integer, 1 or more. Default 5 GiB. Give such a test a few minutes. */
  readonly largeFileBytes?: number | undefined;
}

export interface TestOptions {
  /** The files that the test leaves; none when absent. */
  readonly leaves?: readonly string[] | undefined;
  readonly needs?: keyof DriverSupport | undefined;
}

export type TestBody = (driver: StorageDriver) => Promise<void>;

const DEFAULT_SUPPORT: Readonly<Record<keyof DriverSupport, Support>> = {
  redirects: 'not declared in supports',
  largeFiles: true,
  exclusivePaths: true,
  exclusiveCreation: true,
  caseSensitivePaths: true,
};

const GIBIBYTE = 1024 ** 3;

/** What the files of the suite define their tests with. */
export class Suite {
  readonly largeFileBytes: number;
  readonly #options: DriverConformanceOptions;
  readonly #supports: DriverSupport;

  constructor(options: DriverConformanceOptions) {
    this.#options = options;
    this.#supports = options.supports ?? {};
    this.largeFileBytes = options.largeFileBytes ?? 5 * GIBIBYTE;
  }

  supports(capability: keyof DriverSupport): Support {
    return this.#supports[capability] ?? DEFAULT_SUPPORT[capability];
  }

  describe(name: string, body: () => void): void {
    this.#options.describe(name, body);
  }

  /** Runs a test on a driver of its own, and checks that it left nothing but what it declares. */
  test(name: string, body: TestBody, { leaves = [], needs }: TestOptions = {}): void {
    const { it } = this.#options;
    const support = needs === undefined ? true : this.supports(needs);
    const run = () => this.#run(body, leaves);
    if (support === true) it(name, run);
    else it.skip(`${name} (skipped: ${support})`, run);
  }

  async #run(body: TestBody, leaves: readonly string[]): Promise<void> {
    const { driver, cleanUp } = await this.#options.createDriver();
    try {
      await body(driver);
      assert.deepEqual(await filesOf(driver), leaves.toSorted(), 'the files that the test left');
    } finally {
      await cleanUp?.();
    }
  }
}

async function filesOf(driver: StorageDriver): Promise<string[]> {
  const files: string[] = [];
  for await (const { path, isDirectory } of driver.walk('/')) if (!isDirectory) files.push(path);
  return files.sort();
}
