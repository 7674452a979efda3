import assert from 'node:assert/strict';
import { validateHeaderValue } from 'node:http';
import type {
  Access,
  AccessController,
  AccessRefusal,
  Caller,
  RepositoryAction,
} from '../access.ts';
import { parseRepositoryName, type RepositoryName } from '../repository-name.ts';
import type { TestRunner } from './suite.ts';

export interface AccessControllerUnderTest {
  readonly controller: AccessController;
  /** The `Authorization` of one who may pull from, push to and overwrite in `suite/granted`, and nowhere else. */
  readonly authorization: string;
  /** The name of that user. */
  readonly user: string;
  cleanUp?(): Promise<void>;
}

export interface AccessControllerConformanceOptions extends TestRunner {
  /** Whether rights differ from repository to repository. Default `true`. */
  readonly supports?: { readonly rights?: boolean | undefined } | undefined;
  createController(): Promise<AccessControllerUnderTest>;
}

const granted = parseRepositoryName('suite/granted');
const other = parseRepositoryName('suite/other');

/** What no controller may take for credentials. */
const HOSTILE_AUTHORIZATIONS = [
  'Basic',
  'Bearer',
  'Bearer  ',
  'Basic ****',
  `Basic ${Buffer.from('no colon').toString('base64')}`,
  `Basic ${Buffer.from('suite\0user:password').toString('base64')}`,
  `Basic ${Buffer.from('__proto__:constructor').toString('base64')}`,
  'Bearer a.b',
  'Bearer a.b.c.d.e',
  'Bearer ....',
  `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`,
  'Digest username="suite"',
  `Bearer ${'A'.repeat(8000)}`,
  `Basic ${'A'.repeat(8000)}`,
  'Negotiate abcdef, Basic abc',
] as const;

/**
 * Declares the tests of what every `AccessController` must do that asks for a login.
 *
 * @param name What is tested, for the report.
 */
export function describeAccessControllerConformance(
  name: string,
  options: AccessControllerConformanceOptions,
): void {
  const test = (title: string, body: (underTest: AccessControllerUnderTest) => Promise<void>) =>
    options.it(title, async () => {
      const underTest = await options.createController();
      try {
        await body(underTest);
      } finally {
        await underTest.cleanUp?.();
      }
    });
  options.describe(`an access controller: ${name}`, () => {
    testStrangers(test);
    testUser(test);
    if (options.supports?.rights !== false) testRights(test);
  });
}

type ControllerTest = (
  name: string,
  body: (underTest: AccessControllerUnderTest) => Promise<void>,
) => void;

function testStrangers(test: ControllerTest): void {
  test('asks who says nothing for a login', async ({ controller }) => {
    const caller = await controller.identify({});
    assert.equal(caller.user, undefined);
    isChallenge(await caller.refusalOf([]));
    isChallenge(await caller.refusalOf([repository(granted, 'push')]));
  });

  test('refuses what is no credential, whatever it looks like', async ({ controller }) => {
    for (const authorization of HOSTILE_AUTHORIZATIONS) {
      const caller = await controller.identify({ authorization });
      assert.equal(caller.user, undefined, authorization.slice(0, 60));
      isChallenge(await caller.refusalOf([]));
      isChallenge(await caller.refusalOf([repository(granted, 'pull')]));
    }
  });

  test('refuses credentials of which the end is missing, or that go on', async (underTest) => {
    const { controller, authorization } = underTest;
    for (const changed of [authorization.slice(0, -4), `${authorization}AAAA`]) {
      const caller = await controller.identify({ authorization: changed });
      isChallenge(await caller.refusalOf([repository(granted, 'pull')]));
    }
  });

  test('answers with challenges that can stand in a header', async ({ controller }) => {
    const caller = await controller.identify({ host: 'registry.example:5000' });
    const wanted = [repository(granted, 'pull'), repository(granted, 'push'), catalog];
    for (const challenge of isChallenge(await caller.refusalOf(wanted))) {
      validateHeaderValue('WWW-Authenticate', challenge);
      assert.match(challenge, /^[A-Za-z]+ [a-z]+="/);
    }
  });
}

function testUser(test: ControllerTest): void {
  test('knows who has credentials', async ({ controller, authorization, user }) => {
    const caller = await controller.identify({ authorization });
    assert.equal(caller.user, user);
    assert.equal(await caller.refusalOf([]), undefined);
  });

  test('identifies a user by credentials, from any address', async (underTest) => {
    const { controller, authorization, user } = underTest;
    const addresses = ['192.0.2.7', '2001:db8::7', '::', 'fe80::1%eth0', 'unknown', ':::::', ''];
    for (const address of addresses) {
      for (const forwardedAddress of [undefined, ...addresses]) {
        const request = { authorization, address, forwardedAddress };
        assert.equal((await controller.identify(request)).user, user);
        const stranger = await controller.identify({ address, forwardedAddress });
        assert.equal(stranger.user, undefined);
      }
    }
  });

  test('reads the scheme in any case of letters', async ({ controller, authorization, user }) => {
    const [scheme = '', rest = ''] = authorization.split(' ');
    for (const spelled of [scheme.toLowerCase(), scheme.toUpperCase()]) {
      const caller = await controller.identify({ authorization: `${spelled} ${rest}` });
      assert.equal(caller.user, user);
    }
  });

  test('lets a user do what he may', async ({ controller, authorization }) => {
    const caller = await controller.identify({ authorization });
    for (const action of ['pull', 'push', 'overwrite'] as const) {
      assert.equal(await caller.refusalOf([repository(granted, action)]), undefined, action);
    }
    const both = [repository(granted, 'pull'), repository(granted, 'push')];
    assert.equal(await caller.refusalOf(both), undefined);
  });

  test('tells many apart who ask at once', async ({ controller, authorization, user }) => {
    const callers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        controller.identify(index % 2 === 0 ? { authorization } : {}),
      ),
    );
    assert.deepEqual(
      callers.map((caller: Caller) => caller.user),
      callers.map((_, index) => (index % 2 === 0 ? user : undefined)),
    );
  });
}

function testRights(test: ControllerTest): void {
  test('refuses what a user may not', async ({ controller, authorization }) => {
    const caller = await controller.identify({ authorization });
    isRefused(await caller.refusalOf([repository(other, 'push')]));
    isRefused(await caller.refusalOf([repository(granted, 'delete')]));
  });

  test('refuses all of it when one part is refused', async ({ controller, authorization }) => {
    const caller = await controller.identify({ authorization });
    const [allowed, refused] = [repository(granted, 'pull'), repository(other, 'push')];
    isRefused(await caller.refusalOf([allowed, refused]));
    isRefused(await caller.refusalOf([refused, allowed]));
  });

  test('takes no name for another that begins alike', async ({ controller, authorization }) => {
    const caller = await controller.identify({ authorization });
    for (const name of ['suite', 'suite/granted/more', 'suite/grante', 'more/suite/granted']) {
      isRefused(await caller.refusalOf([repository(parseRepositoryName(name), 'push')]));
    }
  });
}

const catalog: Access = { type: 'registry', name: 'catalog', action: '*' };

function repository(name: RepositoryName, action: RepositoryAction) {
  return { type: 'repository', name, action } as const satisfies Access;
}

function isChallenge(refusal: AccessRefusal | undefined): readonly string[] {
  assert.equal(refusal?.kind, 'unauthorized');
  assert.ok(refusal.challenges.length > 0, 'a refusal says how to log in');
  return refusal.challenges;
}

function isRefused(refusal: AccessRefusal | undefined): void {
  assert.ok(refusal !== undefined, 'expected a refusal');
  if (refusal.kind === 'denied') assert.notEqual(refusal.reason, '');
  else isChallenge(refusal);
}
