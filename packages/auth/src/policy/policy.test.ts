import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRepositoryName, type Access, type RepositoryAction } from '@purser/core';
import { createPolicy, type PolicyAction, type PolicyRule } from './policy.ts';

const access = (name: string, action: RepositoryAction): Access => ({
  type: 'repository',
  name: parseRepositoryName(name),
  action,
});

describe('an access policy', () => {
  it('lets the first rule decide that is for the caller and the repository', () => {
    const policy = createPolicy({
      groups: { developers: ['bob', 'carol'] },
      rules: [
        { repositories: ['team/secret'], users: ['*'], allow: [] },
        { repositories: ['team/**'], users: ['alice'], allow: ['push', 'delete'] },
        { repositories: ['team/**'], groups: ['developers'], allow: ['create'] },
        { repositories: ['**'], users: ['*'], anonymous: true, allow: ['pull'] },
      ],
    });
    const may = (user: string | undefined, name: string) =>
      (['pull', 'push', 'overwrite', 'delete'] as const).filter(
        (action) => policy.denialOf(user, [access(name, action)]) === undefined,
      );
    expect(may('alice', 'team/app')).toEqual(['pull', 'push', 'overwrite', 'delete']);
    expect(may('alice', 'team/secret')).toEqual([]);
    expect(may('bob', 'team/app')).toEqual(['pull', 'push']);
    expect(may('david', 'team/app')).toEqual(['pull']);
    expect(may(undefined, 'team/app')).toEqual(['pull']);
    // Nobody is named by the first rule who does not log in.
    expect(may(undefined, 'team/secret')).toEqual(['pull']);
    expect(may('anonymous', 'team/secret')).toEqual([]);
  });

  it('denies what no rule is for, and says which rule denies', () => {
    const policy = createPolicy({
      rules: [{ repositories: ['a/*', 'b'], users: ['alice'], allow: ['pull'] }],
    });
    expect(policy.denialOf('bob', [access('b', 'pull')])).toBe(
      'no rule of the access policy is for bob and b',
    );
    expect(policy.denialOf(undefined, [access('b', 'pull')])).toBe(
      'no rule of the access policy is for who is not logged in and b',
    );
    expect(policy.denialOf('alice', [access('b', 'pull'), access('b', 'delete')])).toBe(
      'rule 1 of the access policy (a/*, b) allows alice pull, and not to delete b',
    );
  });

  it('opens the catalog to who logs in, and to everyone when a rule is for everyone', () => {
    const catalog: Access = { type: 'registry', name: 'catalog', action: '*' };
    const rule: PolicyRule = { repositories: ['**'], users: ['a'], allow: ['pull'] };
    const closed = createPolicy({ rules: [rule] });
    expect(closed.denialOf('bob', [catalog])).toBeUndefined();
    expect(closed.denialOf(undefined, [catalog])).toBeDefined();
    const open = createPolicy({ rules: [{ ...rule, anonymous: true }] });
    expect(open.denialOf(undefined, [catalog])).toBeUndefined();
  });

  it.each<[string, PolicyRule]>([
    ['no repositories', { repositories: [], users: ['*'], allow: [] }],
    ['nobody', { repositories: ['**'], allow: ['pull'] }],
    ['an unknown group', { repositories: ['**'], groups: ['x'], allow: ['pull'] }],
    [
      'an unknown group of the prototype',
      { repositories: ['**'], groups: ['constructor'], allow: [] },
    ],
    ['a glob that is none', { repositories: ['A*'], users: ['*'], allow: [] }],
  ])('has no rule for %s', (_, rule) => {
    expect(() => createPolicy({ rules: [rule] })).toThrow(TypeError);
  });
});

describe('any access policy', () => {
  const names = ['a', 'a/b', 'a/b/c', 'b'];
  const callers = ['alice', 'bob', undefined];
  const actions = ['pull', 'push', 'overwrite', 'delete'] as const;
  const rules = fc.array(
    fc.record({
      repositories: fc.subarray(['a', 'a/*', 'a/**', '**', 'b'], { minLength: 1 }),
      users: fc.subarray(['alice', 'bob', '*'], { minLength: 1 }),
      anonymous: fc.boolean(),
      allow: fc.subarray<PolicyAction>(['pull', 'create', 'push', 'delete']),
    }),
    { maxLength: 6 },
  );
  const allowed = (set: readonly PolicyRule[]) => {
    const policy = createPolicy({ rules: set });
    return callers.flatMap((user) =>
      names.flatMap((name) =>
        actions.map((action) => policy.denialOf(user, [access(name, action)]) === undefined),
      ),
    );
  };

  it('is not changed by a rule after one that is for everyone and everything', () => {
    const last: PolicyRule = {
      repositories: ['**'],
      users: ['*'],
      anonymous: true,
      allow: ['pull'],
    };
    fc.assert(
      fc.property(rules, rules, (first, more) => {
        expect(allowed([...first, last, ...more])).toEqual(allowed([...first, last]));
      }),
    );
  });

  it('allows no more by a rule that allows nothing, wherever it is put', () => {
    fc.assert(
      fc.property(rules, fc.nat(), (set, place) => {
        const closed = set.toSpliced(place % (set.length + 1), 0, {
          repositories: ['a/**'],
          users: ['*'],
          anonymous: false,
          allow: [],
        });
        const before = allowed(set);
        const widened = allowed(closed).filter((is, index) => is && !before[index]);
        expect(widened).toEqual([]);
      }),
    );
  });

  it('lets who overwrites push, and who pushes pull', () => {
    fc.assert(
      fc.property(rules, (set) => {
        const policy = createPolicy({ rules: set });
        for (const user of callers)
          for (const name of names) {
            const may = (action: RepositoryAction) =>
              policy.denialOf(user, [access(name, action)]) === undefined;
            expect(may('overwrite') && !may('push')).toBe(false);
            expect(may('push') && !may('pull')).toBe(false);
            expect(policy.mayPull(user, parseRepositoryName(name))).toBe(may('pull'));
          }
      }),
    );
  });
});
