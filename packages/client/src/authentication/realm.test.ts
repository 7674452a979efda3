import { describe, expect, it } from 'vitest';
import { judgeRealm } from './realm.ts';

function judge(registry: string, realm: string | undefined, trustedRealms: readonly string[] = []) {
  return judgeRealm(realm, { registry: new URL(registry), trustedRealms });
}

describe('judgeRealm (CVE-2026-12566)', () => {
  for (const [registry, realm, role] of [
    ['https://registry.example', 'https://registry.example/token', 'registry'],
    ['https://registry-1.docker.io', 'https://auth.docker.io/token', 'token-server'],
    ['https://registry.gitlab.com', 'https://gitlab.com/jwt/auth', 'token-server'],
    ['https://registry.corp.co.uk', 'https://sso.corp.co.uk/t?a=b', 'token-server'],
    ['https://10.0.0.5:5000', 'https://10.0.0.5/token', 'registry'],
    ['http://localhost:5000', 'http://127.0.0.1:5001/token', 'token-server'],
    ['http://registry.lan:5000', 'http://registry.lan:5001/token', 'registry'],
    ['https://registry', 'https://registry:8443/token', 'registry'],
  ] as const) {
    it(`lets ${registry} send to ${realm}`, () => {
      expect(judge(registry, realm)).toMatchObject({ role, url: new URL(realm) });
    });
  }

  for (const [registry, realm] of [
    ['https://registry.example', 'https://evil.test/token'],
    ['https://registry.example', 'http://auth.registry.example/token'],
    ['https://registry.example', 'http://registry.example/token'],
    ['https://registry.example', 'http://localhost/token'],
    ['https://registry.example', 'https://127.0.0.1/token'],
    ['https://registry.example', 'http://169.254.169.254/latest/meta-data/'],
    ['https://registry.example', 'https://registry.example@evil.test/'],
    ['https://registry.example', 'https://user:password@registry.example/'],
    ['https://registry.example', 'https://registry.example.evil.test/'],
    ['https://a.co.uk', 'https://b.co.uk/token'],
    ['https://mine.github.io', 'https://yours.github.io/token'],
    ['https://10.0.0.5', 'https://10.0.0.6/token'],
    ['https://registry', 'https://auth/token'],
    ['http://registry.lan', 'http://auth.registry.lan/token'],
    ['https://registry.example', 'file:///etc/passwd'],
    ['https://registry.example', 'gopher://registry.example/'],
    ['https://registry.example', '/token'],
    ['https://registry.example', ''],
    ['https://registry.example', undefined],
  ] as const) {
    it(`does not let ${registry} send to ${realm || 'nowhere'}`, () => {
      expect(() => judge(registry, realm)).toThrow(
        expect.objectContaining({ code: 'UNAUTHORIZED', retryable: false }),
      );
    });
  }

  it('lets a registry send to a place that the user listed, and says how', () => {
    const realm = 'https://login.test:8443/token?secret=x';
    expect(() => judge('https://registry.example', realm)).toThrow(
      'https://login.test:8443/token, at another site; list https://login.test:8443 in trustedRealms',
    );
    const judged = judge('https://registry.example', realm, ['https://login.test:8443']);
    expect(judged.role).toBe('trusted-token-server');
  });
});
