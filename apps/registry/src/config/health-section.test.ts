import { describe, expect, it } from 'vitest';
import { parseConfig } from './load.ts';

const loadHealth = (health: string) =>
  parseConfig(`version: 0.1\nstorage: inmemory\n${health}`).config.health;

describe('the health section', () => {
  it('applies every key', () => {
    const text = `
health:
  storagedriver: { enabled: true, interval: 1m, threshold: 3 }
  file: [{ file: /run/down, interval: 1s, threshold: -1 }]
  http:
    - uri: https://example.org/up
      headers: { Authorization: [Bearer x] }
      statuscode: 204
      timeout: 3s
      interval: 30s
      threshold: 2
  tcp: [{ addr: "redis:6379", timeout: 1s, interval: 2s, threshold: 1 }]`;
    expect(loadHealth(text)).toEqual({
      storagedriver: { enabled: true, interval: 60_000, threshold: 3 },
      file: [{ file: '/run/down', interval: 1000, threshold: 1 }],
      http: [
        {
          uri: 'https://example.org/up',
          headers: { Authorization: ['Bearer x'] },
          statuscode: 204,
          timeout: 3000,
          interval: 30_000,
          threshold: 2,
        },
      ],
      tcp: [{ addr: 'redis:6379', timeout: 1000, interval: 2000, threshold: 1 }],
    });
  });

  it('takes 0 for what is not written', () => {
    const { http, tcp } = loadHealth(
      'health: { http: [{ uri: "http://a/", statuscode: 0 }], tcp: [{ addr: "a:1", timeout: 0, interval: 0 }] }',
    );
    expect(http[0]).toMatchObject({ statuscode: 200, timeout: 5000 });
    expect(tcp).toEqual([{ addr: 'a:1', timeout: 5000, interval: 10_000, threshold: 1 }]);
  });

  it('stops the start when two checks have one name', () => {
    const text = 'health:\n  tcp:\n  - addr: a:1\n  - addr: a:1\n';
    expect(() => loadHealth(text)).toThrow(/config\.yml:6:\d+: health\.tcp\.1\.addr: .*found a:1/);
  });

  it.each([
    'file: [{}]',
    'http: [{ uri: "ftp://a/" }]',
    'tcp: [{ addr: a }]',
    'tcp: [{ addr: "a:0" }]',
  ])('refuses %s', (check) => {
    expect(() => loadHealth(`health: { ${check} }`)).toThrow(/health\./);
  });
});
