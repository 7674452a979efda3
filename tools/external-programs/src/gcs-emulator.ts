import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { findOrBuild } from './go-programs.ts';

/** Long enough for a slow machine under load. */
const START_LIMIT_MS = 20_000;

/**
 * Where an emulator keeps objects. In a `filesystem` they survive `kill` and `start`, and there may be many thousands of them;
 * but there a directory stays where objects were, and no object can take its place.
 */
export type GcsBackend = 'memory' | 'filesystem';

/** A `fake-gcs-server` of its own, with one bucket. It is gone with this program, however that ends. */
export class GcsEmulator implements AsyncDisposable {
  /** The name of the bucket. */
  readonly bucket = 'images';
  readonly port: number;
  readonly #command: string;
  readonly #parameters: readonly string[];
  readonly #folder: string;
  #process: ChildProcess | undefined;
  readonly #onExit = () => void this.#process?.kill('SIGKILL');

  private constructor(command: string, { port, folder, backend }: Place) {
    const host = `127.0.0.1:${port}`;
    this.port = port;
    this.#command = command;
    this.#folder = folder;
    const listening = ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)];
    const storage = ['-backend', backend, '-filesystem-root', folder];
    this.#parameters = [...listening, '-public-host', host, ...storage, '-log-level', 'error'];
    process.once('exit', this.#onExit);
  }

  /** @throws Error when the emulator does not answer within 20 seconds. */
  static async create(backend: GcsBackend = 'memory'): Promise<GcsEmulator> {
    await using resources = new AsyncDisposableStack();
    const command = await findOrBuild('fake-gcs-server');
    const folder = await mkdtemp(join(tmpdir(), 'purser-gcs-'));
    const place = { port: await freePort(), folder, backend };
    const emulator = resources.use(new GcsEmulator(command, place));
    await emulator.start();
    await emulator.#makeBucket();
    resources.move();
    return emulator;
  }

  /** Of the service: `http://127.0.0.1:4443`. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it again after `kill`, on the same port. */
  async start(): Promise<void> {
    this.#process = spawn(this.#command, this.#parameters, { stdio: 'ignore' });
    const limit = performance.now() + START_LIMIT_MS;
    while (!(await this.#answers())) {
      if (performance.now() > limit) {
        throw new Error(`the emulator does not answer on port ${this.port}`);
      }
      await wait(20);
    }
  }

  async kill(): Promise<void> {
    const running = this.#process;
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) {
      return;
    }
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#onExit);
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    const answer = await fetch(`${this.endpoint}/_internal/healthcheck`).catch(() => undefined);
    return answer?.ok ?? false;
  }

  async #makeBucket(): Promise<void> {
    const { ok, status } = await fetch(`${this.endpoint}/storage/v1/b`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: this.bucket }),
    });
    if (!ok) throw new Error(`the emulator makes no bucket: ${status}`);
  }
}

interface Place {
  readonly port: number;
  readonly folder: string;
  readonly backend: GcsBackend;
}
