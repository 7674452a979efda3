import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from './digest.ts';
import {
  familiarReference,
  formatReference,
  normalizeReference,
  parseReference,
  type NormalizedReference,
  type Reference,
} from './reference.ts';
import { parseRepositoryName } from './repository-name.ts';
import { parseTag } from './tag.ts';

const component = fc.stringMatching(/^[a-z0-9]{1,4}(?:(?:[._]|__|--?)[a-z0-9]{1,4}){0,2}$/);
const path = fc
  .array(component, { minLength: 1, maxLength: 4 })
  .map((components) => parseRepositoryName(components.join('/')));
const host = fc.oneof(
  fc.constantFrom('localhost', 'Upper', '[::1]', '[2001:db8::A]', '10.0.0.1'),
  fc.stringMatching(/^[a-zA-Z0-9]{1,5}(?:-[a-z0-9]{1,5})?\.[a-z]{1,5}$/),
);
const domain = fc
  .tuple(host, fc.option(fc.nat({ max: 65_535 }), { nil: undefined }))
  .map(([name, port]) => (port === undefined ? name : `${name}:${port}`));
const ending = {
  tag: fc.option(fc.stringMatching(/^\w[\w.-]{0,127}$/).map(parseTag), { nil: undefined }),
  digest: fc.option(
    fc.constantFrom('sha256', 'sha384', 'sha512').map((each) => digestOf(new Uint8Array(0), each)),
    { nil: undefined },
  ),
};

/** Whether Docker would take the first component for a registry. */
function beginsLikeHost(text: string): boolean {
  return text.includes('/') && /^(?:localhost|[^/]*\.[^/]*)\//.test(text);
}

describe('every reference', () => {
  const withDomain: fc.Arbitrary<Reference> = fc.record({ domain, path, ...ending });
  const withoutDomain: fc.Arbitrary<Reference> = fc.record({
    domain: fc.constant(undefined),
    path: path.filter((each) => !beginsLikeHost(each)),
    ...ending,
  });

  it('is read back from what is written', () => {
    fc.assert(
      fc.property(fc.oneof(withDomain, withoutDomain), (reference) => {
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
      { numRuns: 1000 },
    );
  });

  it('is read back, with the defaults, from its familiar form', () => {
    const normalized = withDomain
      .map(formatReference)
      .map(normalizeReference)
      .filter(({ domain: at, path: name }) => at !== 'docker.io' || !beginsLikeHost(name));
    const official: fc.Arbitrary<NormalizedReference> = withoutDomain
      .map(formatReference)
      .map(normalizeReference);
    fc.assert(
      fc.property(fc.oneof(normalized, official), (reference) => {
        expect(normalizeReference(familiarReference(reference))).toEqual(reference);
      }),
      { numRuns: 1000 },
    );
  });
});
