import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createSilentLogger } from '../observe/logger.ts';
import { problemsOf } from '../fixtures/refused-configuration.ts';
import { startHealth } from '../create/health/health.ts';
import { describeConfig } from './describe.ts';
import { createConfig, parseConfig } from './load.ts';
import { printConfig } from './print.ts';
import { withoutUrlSecrets } from './url-secrets.ts';

const SECRET = 'hunter2';

/** Every place of a URL that can hold a secret. */
const FORMS: readonly (readonly [url: string, shown: string])[] = [
  [`https://h.example/a?token=${SECRET}`, 'https://h.example/a?***'],
  [`https://h.example?${SECRET}`, 'https://h.example?***'],
  [`https://h.example/a#${SECRET}`, 'https://h.example/a#***'],
  [`https://user:${SECRET}@h.example/a@b`, 'https://***@h.example/a@b'],
  [`https://${SECRET}@h.example`, 'https://***@h.example'],
  [`https://user:${SECRET}@${SECRET}@h.example/`, 'https://***@h.example/'],
  [`https://user:a/${SECRET}@h.example/`, 'https://***@h.example/'],
  [`https://user:a?${SECRET}@h.example/?b=${SECRET}`, 'https://***@h.example/?***'],
  [`//user:${SECRET}@h.example/x`, '//***@h.example/x'],
  [`h.example/x?key=${SECRET}`, 'h.example/x?***'],
  [
    `one https://a.example/?k=${SECRET} and https://u:${SECRET}@b.example`,
    'one https://a.example/?*** and https://***@b.example',
  ],
  ['https://h.example/a', 'https://h.example/a'],
  ['/var/lib/registry', '/var/lib/registry'],
];

const CONFIGURATION = `
version: 0.1
storage: inmemory
auth:
  token:
    realm: https://auth.example/token?account=${SECRET}
    service: s
    issuer: i
    jwks: /nowhere
notifications:
  endpoints: [{ name: a, url: "https://h.example/events?token=${SECRET}" }]
health:
  http: [{ uri: "https://h.example/up?token=${SECRET}" }]
proxy:
  remoteurl: https://registry.example
middleware:
  storage: [{ name: redirect, options: { baseurl: "https://mirror.example/?sig=${SECRET}" } }]
`;

describe('secrets in URLs', () => {
  it.each(FORMS)('are not shown: %s', (url, shown) => {
    expect(withoutUrlSecrets(url)).toBe(shown);
  });

  it('are in no printed configuration, and in no description of one', () => {
    const { effective, config } = parseConfig(CONFIGURATION);
    const printed = printConfig(effective);
    expect(printed).toContain('url: https://h.example/events?***');
    expect(printed).toContain('uri: https://h.example/up?***');
    expect(printed + describeConfig(config).join()).not.toContain(SECRET);
  });

  it('are in no message about a value that is refused', () => {
    for (const [url] of FORMS) {
      const text = `version: 0.1\nstorage: inmemory\nhttp: { host: "ftp:${url}" }\nlog: { level: "${url}" }\n`;
      expect(problemsOf(text).join()).not.toContain(SECRET);
    }
  });

  it('leave regular expressions as they are', () => {
    const allow = 'https://a.example/(?:x)?y=z';
    const text = `version: 0.1\nstorage: inmemory\nvalidation: { manifests: { urls: { allow: ["${allow}"] } } }\n`;
    expect(printConfig(parseConfig(text).effective)).toContain(allow);
  });

  it('are not told apart in the names of health checks, which are', async () => {
    const checks = ['a', 'b'].map((token) => ({
      uri: `http://127.0.0.1:1/?token=${token}`,
      interval: '1ms',
    }));
    const config = createConfig({ health: { http: checks } });
    using health = startHealth(config, {
      driver: new MemoryDriver(),
      logger: createSilentLogger(),
    });
    await expect
      .poll(() => Object.keys(health.report()).toSorted())
      .toEqual(['http://127.0.0.1:1/?***', 'http://127.0.0.1:1/?*** (2)']);
  });
});
