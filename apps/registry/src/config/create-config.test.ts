import { describe, expect, it } from 'vitest';
import { refusalOf } from '../fixtures/refused-configuration.ts';
import { createConfig } from './load.ts';

describe('a program', () => {
  it('gets a registry in memory on a free port of the loopback interface', () => {
    const { storage, http } = createConfig();
    expect(storage.driver).toEqual({ name: 'inmemory' });
    expect(http).toMatchObject({ listen: { host: '127.0.0.1', port: 0 }, draintimeout: 0 });
  });

  it('writes the keys of the file', () => {
    const config = createConfig({
      storage: { filesystem: { rootdirectory: '/srv' }, delete: { enabled: true } },
      http: { draintimeout: '5s', prefix: undefined },
    });
    const driver = { name: 'filesystem', rootdirectory: '/srv' };
    expect(config.storage).toMatchObject({ driver, delete: { enabled: true } });
    expect(config.http.draintimeout).toBe(5_000);
  });

  it('is refused an unknown key', () => {
    const create = () => createConfig({ http: { adr: ':1' } } as object);
    expect(refusalOf(create).problems).toEqual([
      'options: http.adr: unknown key; did you mean http.addr?',
    ]);
  });

  it.each([
    ['port', 'http.addr'],
    ['host', 'http.addr'],
    ['rootDirectory', 'storage.filesystem.rootdirectory'],
    ['tls', 'http.tls'],
    ['stroage', 'storage'],
  ])('that writes %s at the top learns of %s', (name, key) => {
    expect(refusalOf(() => createConfig({ [name]: 'x' } as object)).problems).toEqual([
      `options: ${name}: unknown key; did you mean ${key}?`,
    ]);
  });

  it('does not compile with an unknown key', () => {
    // @ts-expect-error: the port belongs to http.addr.
    expect(() => createConfig({ port: 5000 })).toThrow('did you mean http.addr?');
  });

  it('is refused a wrong value', () => {
    const input = { http: { addr: (() => ':1') as unknown as string } };
    expect(refusalOf(() => createConfig(input)).problems).toEqual([
      'options: http.addr: expected host:port, :port or [ipv6]:port with a port up to 65535, found a function',
    ]);
  });
});
