import type { RedisClient, RedisCommands } from './redis-client.ts';

export interface RedisConnectionSettings {
  /** Makes a client that is not connected yet. */
  readonly createClient: () => RedisClient;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
}

interface Opened {
  readonly client: RedisClient;
  readonly ready: Promise<unknown>;
}

/** Keeps a client connected: opened when it is first needed, and anew when it fails or does not answer. */
export class RedisConnection {
  readonly #settings: RedisConnectionSettings;
  #opened: Opened | undefined;
  #closed = false;

  constructor(settings: RedisConnectionSettings) {
    this.#settings = settings;
  }

  /** Connects unless it is connected. */
  async connect(): Promise<void> {
    await this.#ready();
  }

  /** Sends commands. Those that `use` sends in one go take one round trip. */
  async run<T>(use: (commands: RedisCommands) => Promise<T>): Promise<T> {
    const opened = await this.#ready();
    try {
      return await within(use(opened.client), this.#settings.commandTimeoutMs);
    } catch (error) {
      if (error instanceof NoAnswer) this.#drop(opened);
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#opened !== undefined) this.#drop(this.#opened);
  }

  async #ready(): Promise<Opened> {
    if (this.#closed) throw new TypeError('the Redis cache is closed');
    const opened = (this.#opened ??= this.#open());
    try {
      await opened.ready;
    } catch (error) {
      this.#drop(opened);
      throw error;
    }
    return opened;
  }

  #open(): Opened {
    const client = this.#settings.createClient();
    const ready = within(client.connect(), this.#settings.connectTimeoutMs);
    const opened = { client, ready };
    // Clients of several servers mend themselves; one of a single server that failed is of no more use.
    client.on('error', () => {
      if (isOver(client)) this.#drop(opened);
    });
    return opened;
  }

  #drop(opened: Opened): void {
    if (this.#opened === opened) this.#opened = undefined;
    void destroy(opened.client);
  }
}

class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

async function within<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new NoAnswer(`Redis gave no answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function isOver(client: RedisClient): boolean {
  return 'isOpen' in client && client.isOpen === false;
}

/** A client that never came to be connected refuses to be destroyed: then there is nothing to destroy. */
async function destroy(client: RedisClient): Promise<void> {
  try {
    await client.destroy();
  } catch {}
}
