import { describe, expect, it } from 'vitest';
import { RegistryError } from '@purser/core';
import { LoginQueue, type LoginQueueOptions } from './login-queue.ts';
import { sourcesOf, type LoginOrigin } from './login-sources.ts';

const stays = new AbortController().signal;

/** Logins that are verified when the test says so. */
function createQueue(options: Partial<LoginQueueOptions> = {}) {
  const queue = new LoginQueue({
    maximumConcurrent: 2,
    maximumWaiting: 20,
    now: () => 0,
    ...options,
  });
  /** Names of logins that are being verified, in order. */
  const begun: string[] = [];
  const verifications = new Map<string, (isRight: boolean) => void>();
  const enter = (
    name: string,
    origin: LoginOrigin & { readonly user?: string } = {},
    signal = stays,
  ) => {
    const { user = 'bob' } = origin;
    const verify = () => {
      begun.push(name);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      verifications.set(name, resolve);
      return promise;
    };
    const outcome = queue.run({ sources: sourcesOf(user, origin) }, verify, signal);
    outcome.catch(() => {});
    return outcome;
  };
  /** Ends a verification, and lets the next begin. */
  const end = async (name: string, isRight = false) => {
    verifications.get(name)!(isRight);
    await settle();
  };
  return { enter, end, begun };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Wrong passwords, more than can be verified; some have failed already. */
async function attack(
  options: Partial<LoginQueueOptions>,
  origin: (index: number) => LoginOrigin & { readonly user?: string },
) {
  const queue = createQueue({ maximumConcurrent: 1, ...options });
  for (let index = 0; index < 50; index++) void queue.enter(`attack ${index}`, origin(index));
  await settle();
  for (let index = 0; index < 5; index++) await queue.end(queue.begun.at(-1)!);
  return queue;
}

describe('logins', () => {
  it('are verified a few at a time, in the order of their arrival', async () => {
    const { enter, end, begun } = createQueue();
    for (const name of ['a', 'b', 'c', 'd']) void enter(name);
    await settle();
    expect(begun).toEqual(['a', 'b']);
    await end('b', true);
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('a', true);
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('give their place back when their verification fails', async () => {
    const queue = new LoginQueue({ maximumConcurrent: 1, maximumWaiting: 0, now: () => 0 });
    const broken = () => Promise.reject(new Error('no memory'));
    await expect(queue.run({ sources: [] }, broken, stays)).rejects.toThrow('no memory');
    expect(await queue.run({ sources: [] }, async () => true, stays)).toBe(true);
  });

  it('are refused beyond the number that may wait', async () => {
    const { enter } = createQueue({ maximumConcurrent: 1, maximumWaiting: 2 });
    for (const name of ['a', 'b', 'c']) void enter(name);
    await expect(enter('d')).rejects.toSatisfy((error) =>
      RegistryError.is(error, 'TOOMANYREQUESTS'),
    );
  });
});

describe('login lockout: wrong passwords for one user from one address', () => {
  const attacker = () => ({ user: 'bob', address: '192.0.2.1' });

  it.each([
    ['another user from there', { user: 'carol', address: '192.0.2.1' }],
    ['that user from elsewhere', { user: 'bob', address: '192.0.2.2' }],
    ['another user from elsewhere', { user: 'carol', address: '192.0.2.2' }],
  ])('let %s log in next', async (_, origin) => {
    const { enter, end, begun } = await attack({}, attacker);
    const login = enter('right', origin);
    await end(begun.at(-1)!);
    expect(begun.at(-1)).toBe('right');
    await end('right', true);
    expect(await login).toBe(true);
  });

  it('are refused themselves when the queue is full', async () => {
    const { enter, end, begun } = await attack({ maximumWaiting: 10 }, attacker);
    const attempts = Array.from({ length: 30 }, (_, index) => enter(`more ${index}`, attacker()));
    const logins = Array.from({ length: 8 }, (_, index) =>
      enter(`right ${index}`, { user: `user ${index}`, address: '192.0.2.1' }),
    );
    for (let index = 0; index <= logins.length; index++) await end(begun.at(-1)!, index > 0);
    expect(await Promise.all(logins)).toEqual(logins.map(() => true));
    await expect(attempts.at(-1)).rejects.toMatchObject({ code: 'TOOMANYREQUESTS' });
  });

  it('are refused before the first of them has failed, too', async () => {
    const { enter, end } = createQueue({ maximumConcurrent: 1, maximumWaiting: 5 });
    for (let index = 0; index < 20; index++) void enter(`attack ${index}`, attacker());
    const login = enter('right', { user: 'carol', address: '192.0.2.1' });
    await settle();
    await end('attack 0');
    await end('right', true);
    expect(await login).toBe(true);
  });

  it('are forgiven when they are over', async () => {
    let time = 0;
    const { enter, end, begun } = createQueue({ maximumConcurrent: 1, now: () => time });
    for (let index = 0; index < 5; index++) {
      void enter(`attack ${index}`, attacker());
      await settle();
      await end(`attack ${index}`);
    }
    time = 20_000;
    void enter('busy', { user: 'dave', address: '192.0.2.5' });
    void enter('earlier', attacker());
    void enter('later', { user: 'carol', address: '192.0.2.9' });
    await settle();
    await end('busy', true);
    expect(begun.at(-1)).toBe('earlier');
  });
});

describe('login lockout: wrong passwords for many users', () => {
  it('from one address let others log in next, whoever they are', async () => {
    const guess = (index: number) => ({ user: `guess ${index}`, address: '192.0.2.1' });
    const { enter, end, begun } = await attack({}, guess);
    void enter('right', { user: 'guess 1', address: '192.0.2.2' });
    await end(begun.at(-1)!);
    expect(begun.at(-1)).toBe('right');
  });

  it('from behind a proxy let other clients of the proxy log in next', async () => {
    const proxy = '192.0.2.1';
    const guess = (index: number) => ({
      user: `guess ${index}`,
      address: proxy,
      forwardedAddress: '198.51.100.1',
    });
    const { enter, end, begun } = await attack({}, guess);
    void enter('right', { user: 'bob', address: proxy, forwardedAddress: '198.51.100.2' });
    await end(begun.at(-1)!);
    expect(begun.at(-1)).toBe('right');
  });

  it('gain nothing from a forged address of a client', async () => {
    const forge = (index: number) => ({
      user: `guess ${index}`,
      address: '192.0.2.1',
      forwardedAddress: '198.51.100.2',
    });
    const { enter, end, begun } = await attack({}, forge);
    void enter('right', { address: '192.0.2.3', forwardedAddress: '198.51.100.2' });
    await end(begun.at(-1)!);
    expect(begun.at(-1)).toBe('right');
  });
});

describe('login lockout: a client that leaves', () => {
  it('gives its place in the queue back', async () => {
    const { enter, end, begun } = createQueue({ maximumConcurrent: 1, maximumWaiting: 2 });
    const departure = new AbortController();
    void enter('first');
    const gone = [enter('b', {}, departure.signal), enter('c', {}, departure.signal)];
    departure.abort();
    for (const outcome of gone) await expect(outcome).rejects.toThrow('aborted');
    void enter('d');
    void enter('e');
    await end('first', true);
    await end('d', true);
    expect(begun).toEqual(['first', 'd', 'e']);
  });
});
