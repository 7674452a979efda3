import { LRUCache } from 'lru-cache';
import { discard } from '../transport/read-body.ts';
import type { Exchange, Hop } from '../transport/exchange.ts';
import type { Scope } from '../transport/scope.ts';
import type { TransportResponse } from '../transport/transport.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { Prover } from './prover.ts';
import { normalizeScopes, parseScopes } from './scope-set.ts';

/** A request without proof or with a known one, then with a new one, then with one for more access. */
const MOST_ROUNDS = 3;
const MOST_REMEMBERED = 1000;

/** One time of sending a request. */
interface Trial {
  /** The access that the request says it needs. */
  readonly scopes: readonly Scope[];
  /** The access that it is sent with: also what the registry said. */
  readonly needed: readonly string[];
  /** The value of the `Authorization` header. */
  readonly proof: string | undefined;
}

/**
 * Answers the challenges of a registry: what it asked for once is sent along with each further request. A request that
 * is refused is sent again, with what its challenge asks for, as long as that is something new.
 */
export class Authenticator {
  readonly #registry: URL;
  readonly #prover: Prover;
  /** `undefined` until the registry was asked something; `null` when it asked for nothing. */
  #challenge: Challenge | null | undefined;
  /** What requests need, as the registry said it, by what they say themselves. */
  readonly #needed = new LRUCache<string, readonly string[]>({ max: MOST_REMEMBERED });

  constructor(registry: URL, prover: Prover) {
    this.#registry = registry;
    this.#prover = prover;
  }

  /**
   * Sends a request to the registry. An answer of 401 is one that nothing helps against.
   *
   * @throws What `exchange` and `Prover.prove` throw.
   */
  async send(hop: Hop, scopes: readonly Scope[], exchange: Exchange): Promise<TransportResponse> {
    const isWorthAsking = hop.body?.isSmall === false;
    if (this.#challenge === undefined && isWorthAsking) await this.#ask(hop, exchange);
    let trial = await this.#firstTrial(hop, scopes);
    for (let round = 1; ; round++) {
      const answer = await exchange(withProof(hop, trial.proof));
      const challenge = challengeOf(answer);
      if (challenge === undefined || round === MOST_ROUNDS || hop.body?.canBeSent === false) {
        return answer;
      }
      // The registry refused to do anything.
      hop.progress.isSent = false;
      const next = await this.#nextTrial(hop, trial, { challenge, round }).catch(
        (error: unknown) => {
          answer.body.destroy();
          throw error;
        },
      );
      if (next === undefined) return answer;
      await discard(answer);
      trial = next;
    }
  }

  /** With what is known of the registry. */
  async #firstTrial({ signal }: Hop, scopes: readonly Scope[]): Promise<Trial> {
    const needed = this.#needed.get(keyOf(scopes)) ?? normalizeScopes(scopes);
    const challenge = this.#challenge;
    if (!challenge) return { scopes, needed, proof: undefined };
    const repository = repositoryOf(scopes);
    const proof = await this.#prover.prove({ challenge, scopes: needed, repository, signal });
    return { scopes, needed, proof };
  }

  /** With what the registry says that it wants; `undefined` when that was tried. */
  async #nextTrial(
    { signal }: Hop,
    { scopes, needed: before, proof: refused }: Trial,
    { challenge, round }: { readonly challenge: Challenge; readonly round: number },
  ): Promise<Trial | undefined> {
    this.#challenge = challenge;
    const needed = normalizeScopes(scopes, parseScopes(challenge.parameters.get('scope')));
    const isSame = needed.join(' ') === before.join(' ');
    // A new token for the same access would be refused as well.
    if (round > 1 && challenge.scheme === 'bearer' && isSame) return undefined;
    this.#needed.set(keyOf(scopes), needed);
    const repository = repositoryOf(scopes);
    const proof = await this.#prover.prove({
      challenge,
      scopes: needed,
      repository,
      signal,
      refused,
    });
    return proof === undefined ? undefined : { scopes, needed, proof };
  }

  /** Learns what the registry asks for, before a body is sent in vain. */
  async #ask({ signal, headers, progress }: Hop, exchange: Exchange): Promise<void> {
    const url = new URL(this.#registry);
    url.pathname = `${url.pathname.replace(/\/$/, '')}/v2/`;
    const { 'user-agent': userAgent = '' } = headers;
    const own = { 'user-agent': userAgent };
    const answer = await exchange({ method: 'GET', url, headers: own, signal, progress });
    const challenge = challengeOf(answer);
    // A server that is not well says nothing of what it asks for at other times.
    if (challenge !== undefined || answer.status < 429) this.#challenge = challenge ?? null;
    await discard(answer);
  }
}

/** The challenge of an answer that can be answered: a token rather than a password. */
function challengeOf({ status, headers }: TransportResponse): Challenge | undefined {
  if (status !== 401 && status !== 403) return undefined;
  const challenges = parseChallenges(headers.getAll('www-authenticate'));
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (status === 401) return bearer ?? challenges.find(({ scheme }) => scheme === 'basic');
  // @see RFC 6750, section 3.1.
  return bearer?.parameters.get('error') === 'insufficient_scope' ? bearer : undefined;
}

function withProof(hop: Hop, proof: string | undefined): Hop {
  return proof === undefined ? hop : { ...hop, headers: { ...hop.headers, authorization: proof } };
}

/** The repository that is changed, or else the first one. */
function repositoryOf(scopes: readonly Scope[]): string | undefined {
  const repositories = scopes.filter(({ type }) => type === 'repository');
  const changed = repositories.find(({ actions }) => actions.some((action) => action !== 'pull'));
  return (changed ?? repositories[0])?.name;
}

function keyOf(scopes: readonly Scope[]): string {
  return normalizeScopes(scopes).join(' ');
}
