import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeScopes, parseScopes } from './scope-set.ts';

const pull = (name: string) => ({ type: 'repository', name, actions: ['pull'] });

describe('normalizeScopes', () => {
  it('unites the access to one resource, and sorts', () => {
    const scopes = normalizeScopes(
      [pull('b'), { type: 'repository', name: 'a', actions: ['push', 'pull'] }],
      [{ type: 'repository', name: 'b', actions: ['delete', 'pull', 'admin', 'push', '*'] }],
      [{ type: 'registry', name: 'catalog', actions: ['*'] }],
    );
    expect(scopes).toEqual([
      'registry:catalog:*',
      'repository:a:pull,push',
      'repository:b:pull,push,delete,*,admin',
    ]);
  });

  it('gives the same text for the same access in any order', () => {
    const scope = fc.record({
      type: fc.constantFrom('repository', 'registry'),
      name: fc.constantFrom('a', 'b', 'c/d'),
      actions: fc.array(fc.constantFrom('pull', 'push', 'delete', '*', 'x')),
    });
    fc.assert(
      fc.property(fc.array(scope), (scopes) => {
        expect(normalizeScopes(scopes.toReversed())).toEqual(normalizeScopes(scopes));
        expect(normalizeScopes(scopes, scopes)).toEqual(normalizeScopes(scopes));
      }),
    );
  });
});

describe('parseScopes', () => {
  it('reads what normalizeScopes writes', () => {
    const texts = ['repository(plugin):a/b:pull,push', 'repository:host:5000/c:pull'];
    expect(normalizeScopes(parseScopes(texts.join(' ')))).toEqual(texts);
  });

  it('passes over what is no scope', () => {
    expect(parseScopes(' : :: a:b :b:c repository:a:pull  ')).toEqual([pull('a')]);
    expect(parseScopes(undefined)).toEqual([]);
  });
});
