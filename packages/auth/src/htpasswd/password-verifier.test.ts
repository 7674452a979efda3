import type * as bcrypt from '@node-rs/bcrypt';
import { hash, verify } from '@node-rs/bcrypt';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RegistryError } from '@purser/core';
import { parseBcryptHash } from './bcrypt-hash.ts';
import { PasswordVerifier } from './password-verifier.ts';

vi.mock('@node-rs/bcrypt', async (importOriginal) => {
  const original = await importOriginal<typeof bcrypt>();
  return { ...original, verify: vi.fn<typeof original.verify>(original.verify) };
});
const verified = vi.mocked(verify);
afterEach(() => void verified.mockClear());

/** Rounds of bcrypt since the last test. */
const rounds = () =>
  verified.mock.calls.reduce((sum, [, text]) => sum + 2 ** parseBcryptHash(String(text))!.cost, 0);

const alice = { user: 'alice', password: 'wonderland' };
const users = new Map([
  ['alice', await hash('wonderland', 4)],
  ['slow', await hash('other', 6)],
  ['plain', 'wonderland'],
  ['sha', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
]);

describe('a password', () => {
  it.each(['a', 'b', 'y'])('is right for a hash of the kind $2%s$', async (kind) => {
    const entry = users.get('alice')!.replace(/^\$2.\$/, `$2${kind}$`);
    expect(await new PasswordVerifier().isRight(new Map([['alice', entry]]), alice)).toBe(true);
  });

  it.each([
    ['alice', 'wonderlanD'],
    ['alice', ''],
    ['alice', 'wonderland '],
    ['alice', 'wonderland\0'],
    ['alice', 'wonderland\0wonderland'],
    ['Alice', 'wonderland'],
    ['nobody', 'wonderland'],
    ['', ''],
    ['constructor', 'wonderland'],
    ['plain', 'wonderland'],
    ['sha', 'password'],
  ])('of %j is not %j', async (user, password) => {
    const verifier = new PasswordVerifier();
    expect(await verifier.isRight(users, { user, password })).toBe(false);
    expect(rounds()).toBe(2 ** 6);
  });

  it('is hashed once while it is remembered', async () => {
    const verifier = new PasswordVerifier();
    for (let time = 0; time < 5; time++) expect(await verifier.isRight(users, alice)).toBe(true);
    expect(verified).toHaveBeenCalledTimes(1);
    await verifier.isRight(users, { ...alice, password: 'other' });
    expect(verified.mock.calls.length).toBeGreaterThan(1);
  });

  it('is hashed for every request when nothing is remembered', async () => {
    const verifier = new PasswordVerifier({ rememberMs: 0 });
    await verifier.isRight(users, alice);
    await verifier.isRight(users, alice);
    expect(verified).toHaveBeenCalledTimes(2);
  });

  it('is forgotten at once with its entry', async () => {
    const verifier = new PasswordVerifier();
    expect(await verifier.isRight(users, alice)).toBe(true);
    const changed = new Map([['alice', await hash('changed', 4)]]);
    expect(await verifier.isRight(changed, alice)).toBe(false);
    expect(await verifier.isRight(new Map(), alice)).toBe(false);
    expect(await verifier.isRight(users, alice)).toBe(true);
  });

  it('is hashed once for many who bring it at a time', async () => {
    const verifier = new PasswordVerifier();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => verifier.isRight(users, alice)),
    );
    expect(new Set(answers)).toEqual(new Set([true]));
    expect(verified).toHaveBeenCalledTimes(1);
  });
});

describe('timing: a wrong login', () => {
  const COST = 8;
  const REPEATS = 3;

  /** Processor time of all threads in microseconds; the least of several runs, since others may disturb one. */
  async function workOf(run: () => Promise<boolean>): Promise<number> {
    const durations: number[] = [];
    for (let time = 0; time < REPEATS; time++) {
      const before = process.cpuUsage();
      expect(await run()).toBe(false);
      const { user, system } = process.cpuUsage(before);
      durations.push(user + system);
    }
    return Math.min(...durations);
  }

  it.each([
    ['an unknown user', 'nobody'],
    ['a user whose hash is of the highest cost', 'costly'],
    ['a user whose hash is of a lower cost', 'cheap'],
    ['a user with a hash of another kind', 'sha'],
    ['a user with a hash of an impossible cost', 'impossible'],
    ['a user with a damaged hash', 'damaged'],
  ])('of %s costs one comparison with the costliest hash', async (_, user) => {
    const costly = await hash('right', COST);
    const mixed = new Map([
      ['costly', costly],
      ['cheap', await hash('right', 4)],
      ['sha', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
      ['impossible', costly.replace('$08$', '$03$')],
      ['damaged', `${costly.slice(0, -1)}z`],
    ]);
    const one = await workOf(() => verify('wrong', costly));
    const verifier = new PasswordVerifier();
    const work = await workOf(() => verifier.isRight(mixed, { user, password: 'wrong' }));
    expect(work).toBeGreaterThan(one / 2);
    expect(work).toBeLessThan(one * 2);
  });

  it('costs one of the usual cost where nobody is known', async () => {
    const usual = await hash('right', 10);
    const one = await workOf(() => verify('wrong', usual));
    const verifier = new PasswordVerifier();
    const nobody = { user: 'nobody', password: 'wrong' };
    const work = await workOf(() => verifier.isRight(new Map(), nobody));
    expect(work).toBeGreaterThan(one / 2);
    expect(work).toBeLessThan(one * 2);
  });
});

describe('a flood of logins', () => {
  it('is hashed a few at a time, and refused beyond what may wait', async () => {
    let running = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    verified.mockImplementation(async () => {
      most = Math.max(most, ++running);
      await gate.promise;
      running--;
      return false;
    });
    const verifier = new PasswordVerifier({ maximumConcurrent: 2, maximumWaiting: 5 });
    const attempts = Array.from({ length: 20 }, (_, index) =>
      verifier.isRight(users, { user: 'alice', password: `guess ${index}` }),
    );
    const outcomes = Promise.allSettled(attempts);
    await expect(attempts[10]).rejects.toThrow(RegistryError);
    gate.resolve();
    const settled = await outcomes;
    const refused = settled.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(13);
    expect(refused.every(({ reason }) => RegistryError.is(reason, 'TOOMANYREQUESTS'))).toBe(true);
    expect(most).toBe(2);
    verified.mockReset();
    expect(running).toBe(0);
  });

  it.each([{ maximumConcurrent: 0 }, { maximumWaiting: -1 }, { rememberMs: 0.5 }])(
    'is not met with %j',
    (options) => {
      expect(() => new PasswordVerifier(options)).toThrow(TypeError);
    },
  );
});
