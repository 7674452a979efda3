import type {
  DriverListOptions,
  DriverLocateOptions,
  DriverOptions,
  Entry,
  PutContentOptions,
  ReaderOptions,
  StatOptions,
  StorageDriver,
  WalkOptions,
  WriterOptions,
} from '@purser/storage-driver';

/**
 * What a driver is asked to do. The first seven are what distribution measures, under its names; a page of a listing is
 * one `List`. `Reader` and `Writer` are the opening of a stream, not its life.
 */
type DriverAction =
  | 'GetContent'
  | 'PutContent'
  | 'Stat'
  | 'List'
  | 'Move'
  | 'Delete'
  | 'RedirectURL'
  | 'Create'
  | 'Reader'
  | 'Writer';

export interface DriverCall {
  /** The name of the driver: `filesystem`. */
  readonly driver: string;
  readonly action: DriverAction;
  readonly path: string;
  /** Of a `Move`. */
  readonly destination?: string | undefined;
}

/** Told that a call begins. What it returns is told that the call is over, with its error if it failed. Neither may throw. */
export type DriverObserver = (call: DriverCall) => (failure?: { readonly error: unknown }) => void;

/** Lets observers see what a driver is asked to do. Without observers it is the driver itself, and costs nothing. */
export function observeDriver(
  driver: StorageDriver,
  observers: readonly DriverObserver[],
): StorageDriver {
  return observers.length === 0 ? driver : new ObservedDriver(driver, observers);
}

class ObservedDriver implements StorageDriver {
  readonly #driver: StorageDriver;
  readonly #observers: readonly DriverObserver[];

  constructor(driver: StorageDriver, observers: readonly DriverObserver[]) {
    this.#driver = driver;
    this.#observers = observers;
  }

  get name(): string {
    return this.#driver.name;
  }

  getContent(path: string, options?: DriverOptions) {
    return this.#observe('GetContent', path, () => this.#driver.getContent(path, options));
  }

  putContent(path: string, content: Uint8Array, options?: PutContentOptions) {
    return this.#observe('PutContent', path, () => this.#driver.putContent(path, content, options));
  }

  get create(): StorageDriver['create'] {
    const create = this.#driver.create?.bind(this.#driver);
    if (create === undefined) return undefined;
    return (path, content, options) =>
      this.#observe('Create', path, () => create(path, content, options));
  }

  openReader(path: string, options?: ReaderOptions) {
    return this.#observe('Reader', path, () => this.#driver.openReader(path, options));
  }

  openWriter(path: string, options?: WriterOptions) {
    return this.#observe('Writer', path, () => this.#driver.openWriter(path, options));
  }

  stat(path: string, options?: StatOptions) {
    return this.#observe('Stat', path, () => this.#driver.stat(path, options));
  }

  async *list(path: string, options?: DriverListOptions): AsyncGenerator<readonly Entry[], void> {
    const pages = this.#driver.list(path, options)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.#observe('List', path, () => pages.next());
        if (done === true) return;
        yield value;
      }
    } finally {
      await pages.return?.();
    }
  }

  /** Not observed, as in distribution: it lasts as long as whoever looks at what it gives. */
  walk(path: string, options?: WalkOptions): AsyncIterable<Entry> {
    return this.#driver.walk(path, options);
  }

  move(source: string, destination: string, options?: DriverOptions) {
    const call = { driver: this.name, action: 'Move', path: source, destination } as const;
    return this.#tell(call, () => this.#driver.move(source, destination, options));
  }

  delete(path: string, options?: DriverOptions) {
    return this.#observe('Delete', path, () => this.#driver.delete(path, options));
  }

  get listAbandoned(): StorageDriver['listAbandoned'] {
    return this.#driver.listAbandoned?.bind(this.#driver);
  }

  locate(path: string, options: DriverLocateOptions) {
    return this.#observe('RedirectURL', path, () => this.#driver.locate(path, options));
  }

  #observe<T>(action: DriverAction, path: string, work: () => Promise<T>): Promise<T> {
    return this.#tell({ driver: this.name, action, path }, work);
  }

  async #tell<T>(call: DriverCall, work: () => Promise<T>): Promise<T> {
    const ends = this.#observers.map((begin) => begin(call));
    try {
      const result = await work();
      for (const end of ends) end();
      return result;
    } catch (error) {
      for (const end of ends) end({ error });
      throw error;
    }
  }
}
