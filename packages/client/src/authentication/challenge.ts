/** What a registry asks a client to prove itself with. */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. Of two with one name the first counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** More are not looked at: a registry has one or two. */
const MOST_CHALLENGES = 16;

/**
 * Parses the challenges of an answer, of which several can stand in one line. Values need not be quoted, whatever they
 * hold. What cannot be read is passed over. Takes time in proportion to the length of the lines.
 *
 * @param lines The values of all `WWW-Authenticate` headers.
 * @see RFC 9110, section 11.6.1.
 */
export function parseChallenges(lines: readonly string[]): readonly Challenge[] {
  return lines.flatMap((line) => new ChallengeScanner(line).challenges()).slice(0, MOST_CHALLENGES);
}

/** Reads one line from left to right; each step takes at least one character. */
class ChallengeScanner {
  readonly #line: string;
  #position = 0;

  constructor(line: string) {
    this.#line = line;
  }

  challenges(): readonly Challenge[] {
    const found: { scheme: string; parameters: Map<string, string> }[] = [];
    for (;;) {
      this.#skip(/[\s,]*/y);
      if (this.#position >= this.#line.length) return found;
      const word = this.#take(/[^\s,="]+/y);
      if (word === undefined) {
        // A sign that begins nothing.
        this.#position += 1;
      } else if (this.#skip(/\s*=\s*/y)) {
        addParameter(found.at(-1)?.parameters, word, this.#value());
      } else {
        found.push({ scheme: word.toLowerCase(), parameters: new Map() });
      }
    }
  }

  #value(): string {
    const quoted = this.#take(/"(?:[^"\\]|\\.)*(?:"|$)/sy);
    if (quoted === undefined) return this.#take(/[^\s,]*/y) ?? '';
    return quoted.replace(/^"|"$/g, '').replaceAll(/\\(.)/gs, '$1');
  }

  #skip(pattern: RegExp): boolean {
    return Boolean(this.#take(pattern));
  }

  /** What the pattern, which is sticky, finds at the position. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#line)?.[0];
    this.#position += found?.length ?? 0;
    return found;
  }
}

function addParameter(
  parameters: Map<string, string> | undefined,
  name: string,
  value: string,
): void {
  const key = name.toLowerCase();
  if (parameters?.has(key) === false) parameters.set(key, value);
}
