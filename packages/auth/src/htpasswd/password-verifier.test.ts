import type * as bcrypt from '@node-rs/bcrypt';
import { hash, verify } from '@node-rs/bcrypt';
import { afterEach, describe, expect, it, vi } from 'vitest';
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

  it('is remembered for as long as it is used', async () => {
    let time = 1;
    const verifier = new PasswordVerifier({ rememberMs: 1000, now: () => time });
    for (let use = 0; use < 5; use++) {
      expect(await verifier.isRight(users, alice)).toBe(true);
      time += 900;
    }
    expect(verified).toHaveBeenCalledTimes(1);
    time += 200;
    expect(await verifier.isRight(users, alice)).toBe(true);
    expect(verified).toHaveBeenCalledTimes(2);
  });

  it('that is wrong is hashed once, until the password file changes', async () => {
    for (const user of ['alice', 'nobody']) {
      verified.mockClear();
      const verifier = new PasswordVerifier();
      const wrong = { user, password: 'wrong' };
      for (let time = 0; time < 5; time++) {
        expect(await verifier.isRight(users, wrong)).toBe(false);
      }
      expect(rounds()).toBe(2 ** 6);
      expect(await verifier.isRight(new Map(users), wrong)).toBe(false);
      expect(rounds()).toBe(2 * 2 ** 6);
    }
  });

  it('that was wrong is right as soon as the password file says so', async () => {
    const verifier = new PasswordVerifier();
    const bob = { user: 'bob', password: 'wonderland' };
    expect(await verifier.isRight(users, bob)).toBe(false);
    const more = new Map([...users, ['bob', users.get('alice')!]]);
    expect(await verifier.isRight(more, bob)).toBe(true);
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
  async function workOf(isRight: (password: string) => Promise<boolean>): Promise<number> {
    const durations: number[] = [];
    for (let time = 0; time < REPEATS; time++) {
      const before = process.cpuUsage();
      expect(await isRight(`wrong ${time}`)).toBe(false);
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
    const one = await workOf((password) => verify(password, costly));
    const verifier = new PasswordVerifier();
    const work = await workOf((password) => verifier.isRight(mixed, { user, password }));
    expect(work).toBeGreaterThan(one / 2);
    expect(work).toBeLessThan(one * 2);
  });

  it('would be seen, by this test, if its hash was refused as malformed', async () => {
    const costly = await hash('right', COST);
    const one = await workOf((password) => verify(password, costly));
    const malformed = `$2a$08$${'A'.repeat(53)}`;
    expect(await workOf((password) => verify(password, malformed))).toBeLessThan(one / 2);
  });

  it('costs one of the usual cost where nobody is known', async () => {
    const usual = await hash('right', 10);
    const one = await workOf((password) => verify(password, usual));
    const verifier = new PasswordVerifier();
    const work = await workOf((password) =>
      verifier.isRight(new Map(), { user: 'nobody', password }),
    );
    expect(work).toBeGreaterThan(one / 2);
    expect(work).toBeLessThan(one * 2);
  });
});

describe('login lockout: a caller that leaves', () => {
  it('is told so, and its password is not hashed for nobody', async () => {
    const verifier = new PasswordVerifier({ maximumConcurrent: 1 });
    const busy = verifier.isRight(users, { user: 'alice', password: 'busy' });
    const departure = new AbortController();
    const { signal } = departure;
    const gone = verifier.isRight(users, { user: 'alice', password: 'gone' }, { signal });
    departure.abort();
    await expect(gone).rejects.toThrow('aborted');
    await busy;
    const passwords = verified.mock.calls.map(([password]) => password);
    expect(passwords).toContain('busy');
    expect(passwords).not.toContain('gone');
  });

  it('takes nothing from others with the same password', async () => {
    const verifier = new PasswordVerifier({ maximumConcurrent: 1 });
    const busy = verifier.isRight(users, { user: 'alice', password: 'busy' });
    const departure = new AbortController();
    const { signal } = departure;
    const gone = verifier.isRight(users, alice, { signal });
    const staying = verifier.isRight(users, alice);
    departure.abort();
    await expect(gone).rejects.toThrow('aborted');
    expect(await staying).toBe(true);
    await busy;
  });

  it('may come back at once', async () => {
    const verifier = new PasswordVerifier({ maximumConcurrent: 1 });
    const busy = verifier.isRight(users, { user: 'alice', password: 'busy' });
    const departure = new AbortController();
    const gone = verifier.isRight(users, alice, { signal: departure.signal });
    departure.abort();
    const back = verifier.isRight(users, alice, { signal: new AbortController().signal });
    await expect(gone).rejects.toThrow('aborted');
    expect(await back).toBe(true);
    await busy;
    const departed = verifier.isRight(users, alice, { signal: departure.signal });
    await expect(departed).rejects.toThrow('aborted');
  });
});

describe('options of a password verifier', () => {
  it.each([{ maximumConcurrent: 0 }, { maximumWaiting: -1 }, { rememberMs: 0.5 }])(
    'are not %j',
    (options) => {
      expect(() => new PasswordVerifier(options)).toThrow(TypeError);
    },
  );
});
