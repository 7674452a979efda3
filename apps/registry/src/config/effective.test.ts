import { describe, expect, it } from 'vitest';
import { changedKeys } from './effective.ts';
import { parseConfig } from './load.ts';
import { configSchema } from './schema.ts';

const BASE = 'version: 0.1\nstorage: { filesystem: { rootdirectory: /srv } }\n';
const effective = (text: string) => parseConfig(text).effective;
const changed = (before: string, after: string) =>
  changedKeys(effective(before), effective(after), configSchema);

describe('what changed between two configurations', () => {
  it.each([
    ['', 'http: { addr: ":1" }', ['http.addr']],
    ['http: { addr: ":1" }', 'http: { addr: ":2", host: https://h }', ['http.addr', 'http.host']],
    ['log: { fields: { a: 1 } }', 'log: { fields: { a: 2 } }', ['log.fields']],
    ['notifications: { endpoints: [] }', 'notifications: {}', []],
    ['redis: { addrs: [a:1] }', 'redis: { addrs: [b:1] }', ['redis.addrs']],
    ['auth: none', '', ['auth.none']],
  ])('%j and %j is told by key', (before, after, keys) => {
    expect(changed(BASE + before, BASE + after)).toEqual(keys);
  });

  it.each([
    ['the default is written', 'http: { draintimeout: 30s }'],
    ['an empty section is', 'redis:'],
    ['an unknown key is', 'http: { adr: x }'],
    ['text is written otherwise', 'storage: { "filesystem": { rootdirectory: "/srv" } }'],
  ])('is nothing when %s', (_, text) => {
    const after = text.startsWith('storage') ? `version: '0.1'\n${text}` : BASE + text;
    expect(changed(BASE, after)).toEqual([]);
  });

  it('is told of a driver, whichever it is', () => {
    const sqlite = 'version: 0.1\nstorage: { sqlite: { module: m, file: a } }';
    expect(changed(sqlite, sqlite.replace('file: a', 'file: b'))).toEqual(['storage.sqlite']);
    expect(changed(sqlite, 'version: 0.1\nstorage: inmemory')).toEqual([
      'storage.sqlite',
      'storage.inmemory',
    ]);
  });
});
