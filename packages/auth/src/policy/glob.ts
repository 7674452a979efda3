/** Tells whether a repository name fits. */
export type Glob = (name: string) => boolean;

type Step =
  | { readonly kind: 'character'; readonly character: string }
  | { readonly kind: 'any' | 'within' };

const GRAMMAR = /^[a-z0-9._*/-]+$/;

/** Whether a text is a glob of repository names: their characters, and `*`. */
export function isGlob(text: string): boolean {
  return text.length <= 255 && GRAMMAR.test(text) && !text.includes('***');
}

/**
 * Compiles a glob: `*` stands for any characters but slashes, `**` for any characters at all, and both for none as well.
 * The whole name must fit.
 *
 * A name is read once, whatever the glob: the time grows with the product of their lengths, and no faster.
 *
 * @throws TypeError when it is no glob.
 */
export function compileGlob(text: string): Glob {
  if (!isGlob(text)) {
    throw new TypeError(`a glob has the characters of repository names, and * or **: ${text}`);
  }
  const steps = (text.match(/\*\*|./g) ?? []).map(stepOf);
  return (name) => matches(steps, name);
}

function stepOf(token: string): Step {
  if (token === '**') return { kind: 'any' };
  return token === '*' ? { kind: 'within' } : { kind: 'character', character: token };
}

/** Follows all ways through the steps at once. */
function matches(steps: readonly Step[], name: string): boolean {
  let places = withSkips(steps, new Set([0]));
  for (const character of name) {
    const next = new Set<number>();
    for (const place of places) {
      const step = steps[place];
      if (step === undefined) continue;
      if (step.kind === 'any' || (step.kind === 'within' && character !== '/')) next.add(place);
      else if (step.kind === 'character' && step.character === character) next.add(place + 1);
    }
    places = withSkips(steps, next);
  }
  return places.has(steps.length);
}

/** A star may stand for nothing. A set is read to its end, with what is added on the way. */
function withSkips(steps: readonly Step[], places: Set<number>): Set<number> {
  for (const place of places) {
    const kind = steps[place]?.kind;
    if (kind === 'any' || kind === 'within') places.add(place + 1);
  }
  return places;
}
