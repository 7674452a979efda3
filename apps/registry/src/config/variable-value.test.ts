import { describe, expect, it } from 'vitest';
import { applyEnvironment, variableFor } from './environment.ts';
import { listKeys, shapeOf, type KeyShape } from './keys.ts';
import { parseConfig } from './load.ts';
import { ConfigurationError } from './problems.ts';
import { configSchema } from './schema.ts';
import { isSecretKey } from './secret-keys.ts';
import { emptyMap, nodeAt } from './tree.ts';

/** Passwords that mean something else in YAML, or nothing. */
const PASSWORDS = [
  'plain',
  'abc#def',
  '0123',
  'yes',
  '12:30:00',
  '#Lead3242ZC#kjjk$abc&12',
  'abc #def',
  'tail ',
  '!Bang12',
  '&Amp12',
  '~',
  'null',
  '[Secret',
  '[Secret]',
  '{Secret',
  '{Secret: x}',
  '@Secret',
  '`Secret',
  '*Secret1',
  '|Secret2 x',
  '> Secret',
  '%Secret',
  '- Secret',
  '? Secret',
  'Secret: x',
  "'half",
  '"half',
  '"two" "parts"',
  "it's",
  '\\n',
  'two\nlines',
];

function shapeAt(key: string): KeyShape {
  return key.split('.').reduce<KeyShape>((shape, step) => {
    const child = shape.kind === 'section' ? shape.keys.get(step) : undefined;
    return child === undefined ? { kind: 'anything' } : shapeOf(child);
  }, shapeOf(configSchema));
}

/** A key with an underscore is set with the map that it is in: `_` goes one step down. */
const keysOf = (kind: string) =>
  listKeys(configSchema).filter((key) => shapeAt(key).kind === kind && !key.includes('_'));

function apply(environment: Readonly<Record<string, string>>) {
  const { tree, ...told } = applyEnvironment(
    emptyMap({ program: 'test' }),
    environment,
    configSchema,
  );
  return { at: (key: string) => nodeAt(tree, ...key.split('.')), ...told };
}

/** Everything that a configuration says, whether it is refused or not. */
function messagesOf(text: string, environment: Readonly<Record<string, string>> = {}): string {
  try {
    return parseConfig(`version: 0.1\nstorage: inmemory\n${text}`, { environment }).warnings.join();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return [...error.warnings, ...error.problems].join();
  }
}

const PROXY = { REGISTRY_PROXY_REMOTEURL: 'http://h', REGISTRY_PROXY_USERNAME: 'user' };

describe('secrets in variables', () => {
  it.each(PASSWORDS)('are what they are: %j', (password) => {
    const environment = { ...PROXY, REGISTRY_PROXY_PASSWORD: password };
    const { config, warnings } = parseConfig('version: 0.1\nstorage: inmemory\n', { environment });
    expect(config.proxy.password).toBe(password);
    expect(warnings).toEqual([]);
  });

  it('and any other text are taken literally by every key that expects text', () => {
    const keys = keysOf('text');
    expect(keys.length).toBeGreaterThan(30);
    for (const key of keys) {
      for (const value of PASSWORDS) {
        const { at, problems, warnings } = apply({ [variableFor(key)]: value });
        expect([problems, warnings]).toEqual([[], []]);
        expect([key, at(key)]).toMatchObject([key, { kind: 'scalar', text: value, value }]);
      }
    }
  });

  it.each([
    [`'Quoted #1'`, 'Quoted #1'],
    ['"Quoted #1"', 'Quoted #1'],
    ['"tab\\tend"', 'tab\tend'],
    [` 'it''s' `, "it's"],
  ])('may be quoted: %s', (value, password) => {
    const environment = { ...PROXY, REGISTRY_PROXY_PASSWORD: value };
    const { config } = parseConfig('version: 0.1\nstorage: inmemory\n', { environment });
    expect(config.proxy.password).toBe(password);
  });

  it('are taken literally by a driver of someone else, unless they are maps', () => {
    const at = (value: string) =>
      apply({ REGISTRY_STORAGE_SWIFT_PASSWORD: value }).at('storage.swift.password');
    expect(at('#abc')).toMatchObject({ value: '#abc' });
    expect(at('0123')).toMatchObject({ value: '0123' });
    expect(at('[x')).toMatchObject({ value: '[x' });
    expect(at('{ a: b }')).toMatchObject({ kind: 'map' });
  });

  it('leave other keys as they are: YAML', () => {
    for (const key of keysOf('value')) {
      expect(apply({ [variableFor(key)]: 'yes # comment' }).at(key)).toMatchObject({ value: true });
      expect(apply({ [variableFor(key)]: '[x' }).problems).toHaveLength(1);
    }
    expect(apply({ REGISTRY_REDIS_ADDRS: '[a:1, b:2]' }).at('redis.addrs')).toMatchObject({
      kind: 'list',
    });
  });
});

describe('secrets in messages', () => {
  const SECRETS = PASSWORDS.map((password) => password.replace(/Secret|Bang|Amp|Lead/, 'Hunter2'));
  const secretKeys = listKeys(configSchema).filter((key) => isSecretKey(key));

  it('are not there when a variable is refused, whatever it sets', () => {
    const variables = [...listKeys(configSchema).filter(isSecretKey), 'proxy.upstreams.0.password'];
    for (const key of variables) {
      for (const secret of SECRETS) {
        expect(messagesOf('', { [variableFor(key)]: secret })).not.toContain('Hunter2');
      }
    }
    expect(messagesOf('', { REGISTRY_PROXY_TTL: '!Hunter2' })).not.toContain('Hunter2');
    expect(messagesOf('', { REGISTRY_PROXY_TTL: '*Hunter2' })).not.toContain('Hunter2');
  });

  it('are not there when a file is refused, however they are written', () => {
    expect(secretKeys).toContain('proxy.password');
    for (const secret of SECRETS.filter((text) => !text.includes('\n'))) {
      for (const text of [
        `proxy: { remoteurl: "http://h", password: ${secret} }\n`,
        `proxy:\n  password: ${secret}\n`,
        `notifications:\n  endpoints:\n    - name: a\n      headers: { X: ${secret} }\n`,
        `redis: { addr: a:1, password: { ${secret} } }\n`,
      ]) {
        expect(messagesOf(text)).not.toContain('Hunter2');
      }
    }
  });
});

describe('a user name without a password', () => {
  it.each([
    ['proxy: { remoteurl: "http://h", username: u }', 'proxy.username', 'password'],
    [
      'proxy: { upstreams: [{ remoteurl: "http://h", prefix: a, username: u }] }',
      'proxy.upstreams.0.username',
      'password',
    ],
    ['redis: { addr: a:1, username: u, password: "" }', 'redis.username', 'password'],
    [
      'redis: { addr: a:1, mastername: m, sentinelusername: u }',
      'redis.sentinelusername',
      'sentinelpassword',
    ],
  ])('is a warning: %s', (text, key, secret) => {
    expect(messagesOf(text)).toMatch(new RegExp(`${key}: without effect: there is no ${secret}$`));
  });

  it('is a warning of the variable that was empty, too', () => {
    const environment = { ...PROXY, REGISTRY_PROXY_PASSWORD: '' };
    expect(messagesOf('', environment)).toBe(
      'REGISTRY_PROXY_USERNAME: proxy.username: without effect: there is no password',
    );
  });

  it.each([
    'proxy: { remoteurl: "http://u:p@h", username: u }',
    'proxy: { remoteurl: "http://h", username: u, exec: { command: /bin/helper } }',
    'proxy: { remoteurl: "http://h" }',
    'redis: { addr: a:1, password: p }',
  ])('is none where one is given: %s', (text) => {
    expect(messagesOf(text)).toBe('');
  });
});
