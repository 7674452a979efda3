import {
  ConnectionLost,
  RegistryClient,
  type BlobTarget,
  type BrokenPromises,
  type ContentSource,
  type Random,
  type RegistryAnswer,
  type RegistryRequest,
  type SampleBlob,
  type Tally,
} from '@purser/registry-under-test';
import type { Image } from './image.ts';
import type { Promises } from './promises.ts';
import type { Servers } from './servers.ts';
import { OwnTags } from './tags.ts';

/** What all clients share. */
export interface World {
  readonly source: ContentSource;
  /** Few enough that every client pushes the same content, again and again. */
  readonly pool: readonly SampleBlob[];
  readonly repositories: readonly string[];
  readonly promises: Promises;
  readonly servers: Servers;
  readonly broken: BrokenPromises;
  readonly tally: Tally;
}

/** Enough to see how it came to a failure. */
const JOURNAL_LENGTH = 16;
/** Images without a tag that are remembered. */
const MOST_UNTAGGED = 12;

/** One client: what it draws, what it asked, and what it knows of its own tags. */
export class SoakClient implements Disposable {
  readonly name: string;
  readonly world: World;
  readonly random: Random;
  readonly client: RegistryClient;
  readonly tags = new OwnTags();
  readonly #untagged: Image[] = [];
  readonly #journal: string[] = [];
  readonly #epoch = performance.now();
  #images = 0;

  constructor({ name, world, random }: { name: string; world: World; random: Random }) {
    this.name = name;
    this.world = world;
    this.random = random;
    this.client = this.connect();
  }

  /** Connections of their own, to whichever registries run. */
  connect(): RegistryClient {
    const { servers } = this.world;
    return new RegistryClient({
      ports: servers.ports,
      choose: () => this.random.pick(servers.runningPorts),
      observe: (request, answer) => this.#remember(request, answer),
    });
  }

  target(repository: string): BlobTarget {
    return { client: this.client, source: this.world.source, repository };
  }

  /** Images pushed by digest lately. Unless something keeps them they may be gone by now. */
  get untagged(): readonly Image[] {
    return this.#untagged;
  }

  remember(image: Image): void {
    this.#untagged.push(image);
    if (this.#untagged.length > MOST_UNTAGGED) this.#untagged.shift();
  }

  /** A name that no other image has. */
  nextNote(): string {
    return `${this.name} ${++this.#images}`;
  }

  /**
   * Does something, and takes its failure for a broken promise, except for a connection lost by a kill.
   *
   * @param work Gives `false` when there was nothing to do; that is not counted.
   */
  async attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    const { servers, tally } = this.world;
    const startedAt = performance.now();
    try {
      if ((await work()) !== false) tally.add(what);
    } catch (error) {
      const isExcused = error instanceof ConnectionLost && servers.wasDisturbedSince(startedAt);
      if (isExcused) tally.add('cut by a kill');
      else this.report(`${what}: ${explain(error)}`);
    }
  }

  report(problem: string): void {
    const { kills } = this.world.servers;
    this.world.broken.add(problem, { kills, actor: this.name, journal: this.#journal });
  }

  [Symbol.dispose](): void {
    this.client.close();
  }

  #remember({ method, path }: RegistryRequest, { status, body }: RegistryAnswer): void {
    this.world.tally.add('answers');
    const seconds = ((performance.now() - this.#epoch) / 1000).toFixed(3);
    this.#journal.push(`${seconds} s  ${method} ${path} → ${status}`);
    if (this.#journal.length > JOURNAL_LENGTH) this.#journal.shift();
    if (status >= 500) this.report(`${method} ${path}: ${status} ${body.toString('utf8', 0, 300)}`);
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error
    ? `${error.message} (${explain(error.cause)})`
    : error.message;
}
