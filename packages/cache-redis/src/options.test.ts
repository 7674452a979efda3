import { describe, expect, it } from 'vitest';
import { parseRedisSection } from './options.ts';

describe('the redis section', () => {
  it('names one server, as in version 2', () => {
    const options = parseRedisSection({
      addr: 'cache.example:6380',
      password: 'secret',
      db: 3,
      dialtimeout: 10,
      readtimeout: 20,
      writetimeout: 30,
    });
    expect(options).toMatchObject({
      deployment: { kind: 'single', address: { host: 'cache.example', port: 6380 } },
      password: 'secret',
      database: 3,
      connectTimeoutMs: 10,
      commandTimeoutMs: 30,
    });
    expect(options.tls).toBeUndefined();
  });

  it('names one server, as in version 3', () => {
    const { deployment, username } = parseRedisSection({ addrs: ['a:1'], username: 'purser' });
    expect(deployment).toEqual({ kind: 'single', address: { host: 'a', port: 1 } });
    expect(username).toBe('purser');
  });

  it('is a cluster when it names several servers', () => {
    const { deployment } = parseRedisSection({ addrs: ['a:1', '[::1]:2', ':3'] });
    expect(deployment).toEqual({
      kind: 'cluster',
      addresses: [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
        { host: 'localhost', port: 3 },
      ],
    });
  });

  it('names sentinels when it names a master', () => {
    const { deployment } = parseRedisSection({
      addrs: ['a:1'],
      mastername: 'main',
      sentinelusername: 'watch',
      sentinelpassword: 'secret',
    });
    expect(deployment).toEqual({
      kind: 'sentinel',
      addresses: [{ host: 'a', port: 1 }],
      masterName: 'main',
      sentinelUsername: 'watch',
      sentinelPassword: 'secret',
    });
  });

  it('takes empty texts and times of 0 for what is not given', () => {
    const options = parseRedisSection({
      addrs: [],
      addr: 'a:1',
      username: '',
      password: '',
      mastername: '',
      dialtimeout: 0,
      readtimeout: 0,
      tls: { certificate: '', key: '', rootcas: [] },
    });
    expect(options.deployment.kind).toBe('single');
    const { username, password, connectTimeoutMs, commandTimeoutMs, tls } = options;
    expect([username, password, connectTimeoutMs, commandTimeoutMs, tls]).toEqual(
      Array.from({ length: 5 }),
    );
  });

  it('is encrypted when it says so, or has anything to do with certificates', () => {
    const tlsOf = (tls: object) => parseRedisSection({ addrs: ['a:1'], tls }).tls;
    expect(tlsOf({ enabled: true })).toBeDefined();
    expect(tlsOf({ rootcas: ['PEM'] })).toMatchObject({ rootCertificates: ['PEM'] });
    expect(tlsOf({ certificate: 'PEM', key: 'PEM' })).toMatchObject({ certificate: 'PEM' });
    expect(tlsOf({ enabled: false })).toBeUndefined();
  });

  it.each([
    {},
    { addrs: [] },
    { addr: '' },
    { addrs: ['localhost'] },
    { addrs: ['a:0'] },
    { addrs: ['a:65536'] },
    { addrs: ['a b:1'] },
    { addrs: ['redis://a:1'] },
    { addrs: ['a:1'], tls: { certificate: 'PEM' } },
    { addrs: ['a:1'], tls: { key: 'PEM' } },
  ])('refuses %o', (section) => {
    expect(() => parseRedisSection(section)).toThrow(TypeError);
  });
});
