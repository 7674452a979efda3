import { HeaderScanner } from '../header-scanner.ts';

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
  return lines.flatMap(challengesOf).slice(0, MOST_CHALLENGES);
}

function challengesOf(line: string): readonly Challenge[] {
  const scanner = new HeaderScanner(line);
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  for (;;) {
    scanner.skip(/[\s,]*/y);
    if (scanner.isAtEnd) return found;
    const word = scanner.take(/[^\s,="]+/y);
    if (word === undefined) scanner.skipCharacter();
    else if (scanner.skip(/\s*=\s*/y)) {
      const value = scanner.takeQuoted() ?? scanner.take(/[^\s,]*/y) ?? '';
      addParameter(found.at(-1)?.parameters, word, value);
    } else found.push({ scheme: word.toLowerCase(), parameters: new Map() });
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
