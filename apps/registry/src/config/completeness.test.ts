import { describe, expect, it } from 'vitest';
import { DISTRIBUTION_KEYS } from '../fixtures/distribution-keys.ts';
import { shapeOf } from './keys.ts';
import { configSchema } from './schema.ts';
import { UNSERVED_SECTIONS } from './unserved.ts';

type Schema = Parameters<typeof shapeOf>[0];

/** What has a key: the schema, or one of the sections that are known and not applied. */
function placeOf(key: string): 'schema' | 'unserved' | undefined {
  const plain = key.replaceAll(/\[\]|\{\}/g, '');
  const isUnserved = [...UNSERVED_SECTIONS.keys()].some(
    (section) => plain === section || plain.startsWith(`${section}.`),
  );
  return isKnown(configSchema, key) ? 'schema' : isUnserved ? 'unserved' : undefined;
}

function isKnown(schema: Schema, path: string): boolean {
  if (path === '') return true;
  const [, name = '', kind = '', rest = ''] = /^(\w+)(\[\]|\{\})?\.?(.*)$/.exec(path)!;
  const shape = shapeOf(schema);
  const child = shape.kind === 'section' ? shape.keys.get(name) : undefined;
  return child !== undefined && isKnownIn(child, kind, rest);
}

function isKnownIn(schema: Schema, kind: string, rest: string): boolean {
  if (kind === '') return isKnown(schema, rest);
  const shape = shapeOf(schema);
  if (kind === '[]') return shape.kind === 'list' && isKnown(shape.items, rest);
  return shape.kind === 'map' && rest === '';
}

describe('every key of distribution', () => {
  it.each(DISTRIBUTION_KEYS)(
    '$version is served, or known and said why not: $source',
    ({ keys }) => {
      expect(keys.length).toBeGreaterThan(0);
      expect(keys.filter((key) => placeOf(key) === undefined)).toEqual([]);
    },
  );

  it('stands once in the list', () => {
    const keys = DISTRIBUTION_KEYS.flatMap(({ keys: each }) => each);
    expect(keys.length).toBe(new Set(keys).size);
  });

  it('that is not applied has its section, and no other section is there', () => {
    const keys = DISTRIBUTION_KEYS.flatMap(({ keys: each }) => each);
    const plain = keys.map((key) => key.replaceAll(/\[\]|\{\}/g, ''));
    const unneeded = [...UNSERVED_SECTIONS.keys()].filter(
      (section) => !plain.some((key) => key === section || key.startsWith(`${section}.`)),
    );
    expect(unneeded).toEqual([]);
  });
});
