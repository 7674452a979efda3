import {
  ConnectionLost,
  RegistryClient,
  type BlobTarget,
  type BrokenPromises,
  type ContentSource,
  type Random,
  type RegistryAnswer,
  type RegistryRequest,
  type Tally,
} from '@purser/registry-under-test';
import type { RepositoryLedger } from './ledger.ts';
import type { Samples } from './samples.ts';

/** What all actors share for as long as the program runs. */
export interface World {
  readonly source: ContentSource;
  readonly samples: Samples;
  readonly repositories: readonly RepositoryLedger[];
  readonly broken: BrokenPromises;
  readonly tally: Tally;
  readonly deletesTags: boolean;
}

/** One life of the registry, from its start to its end. */
export interface Life {
  /** How many times it was killed before. */
  readonly kills: number;
  /** More than one when several processes serve one root. */
  readonly ports: readonly number[];
  /** Set just before the kill: from then on, lost connections are no surprise. */
  isOver: boolean;
  /** Hears of every answer that promises something: 201, and 202 to a deletion. */
  readonly onPromise?: ((path: string) => void) | undefined;
}

export interface ActorOptions {
  readonly name: string;
  readonly world: World;
  readonly life: Life;
  readonly random: Random;
}

/** Enough to see how it came to a failure. */
const JOURNAL_LENGTH = 12;

/** One client of the registry, for one of its lives: it draws, asks, and remembers what it asked. */
export class Actor implements Disposable {
  readonly name: string;
  readonly world: World;
  readonly life: Life;
  readonly random: Random;
  readonly client: RegistryClient;
  readonly #journal: string[] = [];

  constructor({ name, world, life, random }: ActorOptions) {
    this.name = name;
    this.world = world;
    this.life = life;
    this.random = random;
    this.client = new RegistryClient({
      ports: life.ports,
      choose: (ports) => random.pick(ports),
      observe: (request, answer) => this.#remember(request, answer),
    });
  }

  target(repository: RepositoryLedger): BlobTarget {
    return { client: this.client, source: this.world.source, repository: repository.name };
  }

  /**
   * Does something, and takes its failure for a broken promise, except for a connection lost by a kill.
   *
   * @param work Gives `false` when there was nothing to do; that is not counted.
   * @returns Whether nothing failed.
   */
  async attempt(what: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      const isDone = await work();
      if (isDone !== false) this.world.tally.add(what);
      return true;
    } catch (error) {
      if (error instanceof ConnectionLost && this.life.isOver)
        this.world.tally.add('cut by a kill');
      else this.report(`${what}: ${explain(error)}`);
      return false;
    }
  }

  report(problem: string): void {
    const { kills } = this.life;
    this.world.broken.add(problem, { kills, actor: this.name, journal: this.#journal });
  }

  [Symbol.dispose](): void {
    this.client.close();
  }

  #remember({ method, path }: RegistryRequest, { status }: RegistryAnswer): void {
    this.world.tally.add('answers');
    this.#journal.push(`${method} ${path} → ${status}`);
    if (this.#journal.length > JOURNAL_LENGTH) this.#journal.shift();
    if (status === 201 || (method === 'DELETE' && status === 202)) this.life.onPromise?.(path);
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error
    ? `${error.message} (${explain(error.cause)})`
    : error.message;
}
