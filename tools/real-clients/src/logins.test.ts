import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentOf, createContainerTools, needPrograms } from '@purser/external-programs';
import type { ContainerTools } from '@purser/external-programs';
import { purser, Sandbox, withSettings } from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSmallImage } from './sample-images.ts';
import { createTokenKey, TokenServer, type Algorithm } from './token-server.ts';

const programs = needPrograms('skopeo', 'podman', 'buildah', 'openssl');
const SOURCE_PLAIN = '--src-tls-verify=false';
const TARGET_PLAIN = '--dest-tls-verify=false';
const PLAIN = '--tls-verify=false';
const ALICE = 'alice:$2b$04$FD7bmGkQht0vq5FIlD7VSOZ6hCrXrjv2XCI/j/AF3117b.DC44qum\n';
const RIGHT = 'alice:wonderland';
const WRONG = 'alice:wrong';

describe.skipIf(programs.isUnmet)(`logins${programs.note}`, () => {
  let sandbox: Sandbox;
  let tools: ContainerTools;
  let layout: string;
  let copies = 0;
  const folder = (name: string) => join(sandbox.folder, name);

  beforeAll(async () => {
    sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-logins-' });
    tools = createContainerTools(sandbox.folder);
    layout = folder('layout');
    await buildSmallImage(tools, { folder: sandbox.folder, layout });
    await writeFile(folder('htpasswd'), ALICE);
  });

  afterAll(() => sandbox[Symbol.asyncDispose]());

  async function serve(settings: Readonly<Record<string, string>>): Promise<string> {
    const root = `root-${copies++}`;
    const { port } = await sandbox.start(withSettings(purser(), settings), { root });
    return `127.0.0.1:${port}`;
  }

  const push = (image: string, credentials: string) =>
    tools.skopeo('copy', TARGET_PLAIN, '--dest-creds', credentials, `oci:${layout}`, image);
  const pull = (image: string, ...credentials: readonly string[]) =>
    tools.skopeo('copy', SOURCE_PLAIN, ...credentials, image, `dir:${folder(`copy-${copies++}`)}`);
  const pullAs = (image: string, credentials: string) => pull(image, '--src-creds', credentials);

  it('by htpasswd: podman login, skopeo push and pull, and nothing without the right password', async () => {
    const host = await serve({
      REGISTRY_AUTH_HTPASSWD_REALM: 'Registry',
      REGISTRY_AUTH_HTPASSWD_PATH: folder('htpasswd'),
    });
    const authFile = `--authfile=${folder('auth.json')}`;
    const login = (password: string) =>
      tools.podman('login', PLAIN, authFile, '-u=alice', `-p=${password}`, host);
    await expect(login('wrong')).rejects.toThrow(/invalid username\/password/);
    expect(await login('wonderland')).toContain('Login Succeeded!');

    const image = `docker://${host}/team/app:1`;
    await expect(push(image, WRONG)).rejects.toThrow(/unauthorized|authentication required/i);
    await tools.skopeo('copy', authFile, TARGET_PLAIN, `oci:${layout}`, image);
    await pull(image, authFile);
    await expect(pull(image, '--src-no-creds')).rejects.toThrow(/authentication required/i);
    const back = await contentOf(folder(`copy-${copies - 2}`));
    expect(back.size).toBeGreaterThan(1);
  });

  it('by htpasswd with a policy: who does not log in pulls what is open, a user is told what denies', async () => {
    const host = await serve({
      REGISTRY_AUTH_HTPASSWD: JSON.stringify({
        realm: 'Registry',
        path: folder('htpasswd'),
        policy: [
          { repositories: ['open/**'], users: ['alice'], allow: ['create'] },
          { repositories: ['open/**'], anonymous: true, allow: ['pull'] },
        ],
      }),
    });
    const image = `docker://${host}/open/app:1`;
    await push(image, RIGHT);
    await pull(image, '--src-no-creds');
    await expect(push(`docker://${host}/closed/app:1`, RIGHT)).rejects.toThrow(/403 \(Forbidden\)/);
    const authorization = `Basic ${Buffer.from(RIGHT).toString('base64')}`;
    const denied = await fetch(`http://${host}/v2/closed/app/tags/list`, {
      headers: { authorization },
    });
    expect(await denied.text()).toContain(
      'no rule of the access policy is for alice and closed/app',
    );
    await tools.skopeo('copy', '--format=v2s2', `oci:${layout}`, `dir:${folder('other')}`);
    const overwrite = tools.skopeo(
      'copy',
      TARGET_PLAIN,
      '--dest-creds',
      RIGHT,
      `dir:${folder('other')}`,
      image,
    );
    await expect(overwrite).rejects.toThrow(/rule 1 of the access policy .* not to overwrite/);
  });

  const account = {
    service: 'registry.example',
    issuer: 'auth.example',
    user: 'alice',
    password: 'wonderland',
  };
  const tokenSettings = (server: TokenServer) => ({
    REGISTRY_AUTH_TOKEN_REALM: `${server.url}/token`,
    REGISTRY_AUTH_TOKEN_SERVICE: account.service,
    REGISTRY_AUTH_TOKEN_ISSUER: account.issuer,
  });

  it.each<[Algorithm, TokenServer['naming']]>([
    ['RS256', 'x5c'],
    ['RS256', 'libtrust'],
    ['ES256', 'x5c'],
    ['ES256', 'libtrust'],
  ])('by tokens signed with %s, whose key is named by %s', async (algorithm, naming) => {
    const key = await createTokenKey(sandbox.folder, algorithm);
    await using server = await TokenServer.start(account, key);
    server.naming = naming;
    const host = await serve({
      ...tokenSettings(server),
      REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: key.certificatePath,
    });
    const image = `docker://${host}/team/app:1`;
    await push(image, RIGHT);
    await pullAs(image, RIGHT);
    expect(server.scopes).toContain('repository:team/app:pull,push');
    await expect(pullAs(image, WRONG)).rejects.toThrow(/invalid username\/password|unauthorized/);
    await expect(pull(image, '--src-no-creds')).rejects.toThrow(/unauthorized/);
  });

  it('by tokens whose keys are found by their URL, before and after they are replaced', async () => {
    const first = await createTokenKey(sandbox.folder, 'RS256');
    await using server = await TokenServer.start(account, first);
    const jwks = `${server.url}/jwks`;
    const host = await serve({ ...tokenSettings(server), REGISTRY_AUTH_TOKEN_JWKS: jwks });
    const image = `docker://${host}/team/app:1`;
    await push(image, RIGHT);
    await pullAs(image, RIGHT);
    const old = server.issue([]);
    const statusOf = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`http://${host}/v2/`, { headers })).status;
    };
    expect(await statusOf(old)).toBe(200);

    server.key = await createTokenKey(sandbox.folder, 'ES256');
    // An unknown key causes a fetch, but not within half a minute of the one before.
    const patience = { timeout: 60_000, interval: 1000 };
    await expect.poll(() => statusOf(server.issue([])), patience).toBe(200);
    await pullAs(image, RIGHT);
    expect(await statusOf(old)).toBe(401);
  });
});
