import { forwardCalls, type StorageDriver } from '@purser/storage-driver';

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

/**
 * Lets observers see what a driver is asked to do. Without observers it is the driver itself, and costs nothing.
 *
 * A `walk` is not observed, as in distribution: it lasts as long as whoever looks at what it gives.
 */
export function observeDriver(
  driver: StorageDriver,
  observers: readonly DriverObserver[],
): StorageDriver {
  return observers.length === 0 ? driver : observed(driver, observers);
}

function observed(driver: StorageDriver, observers: readonly DriverObserver[]): StorageDriver {
  const tell = <T>(call: Omit<DriverCall, 'driver'>, work: () => Promise<T>) =>
    tellObservers(observers, { driver: driver.name, ...call }, work);
  const observe = <T>(action: DriverAction, path: string, work: () => Promise<T>) =>
    tell({ action, path }, work);
  return {
    ...forwardCalls(driver),
    getContent: (path, options) =>
      observe('GetContent', path, () => driver.getContent(path, options)),
    putContent: (path, content, options) =>
      observe('PutContent', path, () => driver.putContent(path, content, options)),
    create:
      driver.create &&
      ((path, content, options) =>
        observe('Create', path, () => driver.create!(path, content, options))),
    openReader: (path, options) => observe('Reader', path, () => driver.openReader(path, options)),
    openWriter: (path, options) => observe('Writer', path, () => driver.openWriter(path, options)),
    stat: (path, options) => observe('Stat', path, () => driver.stat(path, options)),
    async *list(path, options) {
      const pages = driver.list(path, options)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { done, value } = await observe('List', path, () => pages.next());
          if (done === true) return;
          yield value;
        }
      } finally {
        await pages.return?.();
      }
    },
    move: (source, destination, options) =>
      tell({ action: 'Move', path: source, destination }, () =>
        driver.move(source, destination, options),
      ),
    delete: (path, options) => observe('Delete', path, () => driver.delete(path, options)),
    locate: (path, options) => observe('RedirectURL', path, () => driver.locate(path, options)),
  };
}

async function tellObservers<T>(
  observers: readonly DriverObserver[],
  call: DriverCall,
  work: () => Promise<T>,
): Promise<T> {
  const ends = observers.map((begin) => begin(call));
  try {
    const result = await work();
    for (const end of ends) end();
    return result;
  } catch (error) {
    for (const end of ends) end({ error });
    throw error;
  }
}
