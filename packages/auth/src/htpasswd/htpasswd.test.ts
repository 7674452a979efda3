import { hash } from '@node-rs/bcrypt';
import { describe, expect, it } from 'vitest';
import { parseRepositoryName, RegistryError, type Access } from '@purser/core';
import { describeAccessControllerConformance } from '@purser/core/conformance';
import { createPolicy } from '../policy/policy.ts';
import { createHtpasswdController } from './htpasswd.ts';
import type { Users } from './parse-users.ts';

const entries: Users = new Map([['alice', await hash('wonderland', 4)]]);
const users = { current: async () => entries };
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const pull = (name: string): Access => ({
  type: 'repository',
  name: parseRepositoryName(name),
  action: 'pull',
});
const challenge = { kind: 'unauthorized', challenges: ['Basic realm="Registry"'] };

describeAccessControllerConformance('htpasswd', {
  describe,
  it,
  supports: { rights: false },
  createController: async () => ({
    controller: createHtpasswdController({ realm: 'Registry', users }),
    authorization: basic('alice:wonderland'),
    user: 'alice',
  }),
});

describeAccessControllerConformance('htpasswd with a policy', {
  describe,
  it,
  createController: async () => ({
    controller: createHtpasswdController({
      realm: 'Registry',
      users,
      policy: createPolicy({
        rules: [{ repositories: ['suite/granted'], users: ['alice'], allow: ['push'] }],
      }),
    }),
    authorization: basic('alice:wonderland'),
    user: 'alice',
  }),
});

describe('htpasswd', () => {
  const controller = createHtpasswdController({ realm: 'Registry', users });

  it('lets a user do everything, and nobody else anything', async () => {
    const alice = await controller.identify({ authorization: basic('alice:wonderland') });
    expect(alice.refusalOf([pull('any/thing')])).toBeUndefined();
    expect(alice).not.toHaveProperty('sees');
    const nobody = await controller.identify({ authorization: basic(':') });
    expect(nobody.refusalOf([pull('any/thing')])).toEqual(challenge);
  });

  it('reads a password with colons whole', async () => {
    const source = { current: async () => new Map([['bob', await hash('a:b:c', 4)]]) };
    const other = createHtpasswdController({ realm: 'r', users: source });
    expect((await other.identify({ authorization: basic('bob:a:b:c') })).user).toBe('bob');
  });

  it('cannot answer while its users cannot be told, and says nothing of why', async () => {
    const cause = new Error('ENOENT: /secret/path');
    const broken = { current: () => Promise.reject(cause) };
    const other = createHtpasswdController({ realm: 'r', users: broken });
    const error: unknown = await other.identify({ authorization: basic('a:b') }).catch((e) => e);
    expect(RegistryError.is(error, 'UNAVAILABLE')).toBe(true);
    expect(error).toMatchObject({ message: 'logins cannot be verified at the moment', cause });
  });
});

describe('login lockout: wrong passwords for one user from one address', () => {
  it('keep neither others there nor that user elsewhere from logging in', async () => {
    const many = new Map(['alice', 'bob', 'carol'].map((user) => [user, entries.get('alice')!]));
    const controller = createHtpasswdController({
      realm: 'Registry',
      users: { current: async () => many },
      maximumConcurrent: 1,
      maximumWaiting: 10,
    });
    const departure = new AbortController();
    const { signal } = departure;
    const attack = Array.from({ length: 200 }, (_, index) =>
      controller.identify(
        { authorization: basic(`bob:${index}`), address: '192.0.2.1' },
        { signal },
      ),
    );
    const outcomes = Promise.allSettled(attack);
    const callers = await Promise.all(
      [
        { authorization: basic('alice:wonderland'), address: '192.0.2.1' },
        { authorization: basic('bob:wonderland'), address: '192.0.2.2' },
        {
          authorization: basic('carol:wonderland'),
          address: '192.0.2.1',
          forwardedAddress: '198.51.100.7',
        },
      ].map((request) => controller.identify(request)),
    );
    expect(callers.map(({ user }) => user)).toEqual(['alice', 'bob', 'carol']);
    departure.abort(new Error('left'));
    const reasons = (await outcomes).flatMap((outcome) =>
      outcome.status === 'rejected' ? [(outcome.reason as Error).message] : [],
    );
    expect(reasons.length).toBeGreaterThan(180);
    expect(new Set(reasons)).toContain('left');
  });
});

describe('htpasswd with a policy', () => {
  const policy = createPolicy({
    rules: [
      { repositories: ['private/**'], users: ['alice'], allow: ['push'] },
      { repositories: ['public/**'], users: ['*'], anonymous: true, allow: ['pull'] },
    ],
  });
  const controller = createHtpasswdController({ realm: 'Registry', users, policy });

  it.each([undefined, basic(':')])(
    'lets who does not log in pull what is open: %j',
    async (authorization) => {
      const caller = await controller.identify({ authorization });
      expect(caller.refusalOf([pull('public/app')])).toBeUndefined();
      expect(caller.refusalOf([pull('private/app')])).toEqual(challenge);
      expect(caller.sees?.(parseRepositoryName('public/app'))).toBe(true);
      expect(caller.sees?.(parseRepositoryName('private/app'))).toBe(false);
    },
  );

  it('challenges a ping all the same, so that clients learn how to log in', async () => {
    expect((await controller.identify({})).refusalOf([])).toEqual(challenge);
  });

  it('lets a wrong password pull nothing, not even what is open', async () => {
    const caller = await controller.identify({ authorization: basic('alice:wrong') });
    expect(caller.refusalOf([pull('public/app')])).toEqual(challenge);
  });

  it('names the rule that denies', async () => {
    const caller = await controller.identify({ authorization: basic('alice:wonderland') });
    const name = parseRepositoryName('public/app');
    expect(caller.refusalOf([{ type: 'repository', name, action: 'push' }])).toEqual({
      kind: 'denied',
      reason:
        'rule 2 of the access policy (public/**) allows alice pull, and not to push public/app',
    });
  });
});
