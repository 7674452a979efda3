import { describe, expect, it } from 'vitest';
import { parseConfig } from './load.ts';
import { shapeOf } from './keys.ts';
import { printConfig } from './print.ts';
import { configSchema } from './schema.ts';
import { isSecretKey } from './secret-keys.ts';
import { nodeAt } from './tree.ts';

const SECRET = 'hunter2';

/** Every secret that a file can hold, and what looks like one in a driver of someone else. */
const SECRETS = `
version: 0.1
storage:
  gcs:
    bucket: b
    credentials: { client_email: a@example.org, private_key: "${SECRET}\\n", private_key_id: ${SECRET} }
http: { secret: ${SECRET} }
redis: { addr: a:1, password: ${SECRET}, sentinelpassword: ${SECRET} }
notifications:
  endpoints:
    - name: a
      url: https://user:${SECRET}@listener.example/events
      headers: { Authorization: [Bearer ${SECRET}], X-Other: [${SECRET}] }
      secret: ${SECRET}
health:
  http: [{ uri: "https://user:${SECRET}@h/", headers: { X-Other: [${SECRET}] } }]
proxy:
  remoteurl: https://user:${SECRET}@registry.example
  username: user
  password: ${SECRET}
  upstreams:
    - { prefix: a, remoteurl: "https://${SECRET}@a.example", username: user, password: ${SECRET} }
`;

/** The path of every scalar below a schema; of lists and maps, one item. */
function scalarsOf(schema: Parameters<typeof shapeOf>[0], path: readonly string[]): string[][] {
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case 'section':
      return [...shape.keys].flatMap(([key, child]) => scalarsOf(child, [...path, key]));
    case 'list':
      return scalarsOf(shape.items, [...path, '0']);
    case 'map':
      return scalarsOf(shape.values, [...path, 'X-Other']);
    case 'text':
    case 'anything':
      return [[...path]];
    case 'value':
      return [];
  }
}

const OTHER_DRIVER = `
version: 0.1
storage:
  swift: { module: m, password: ${SECRET}, secretkey: ${SECRET}, url: "https://u:${SECRET}@h", deep: { accesstoken: ${SECRET} } }
`;

describe('a printed configuration', () => {
  it.each([
    ['secrets', SECRETS],
    ['the parameters of a driver', OTHER_DRIVER],
  ])('has no secret in it, and loads again: %s', (_, text) => {
    expect(parseConfig(text).warnings).toEqual([]);
    const printed = printConfig(parseConfig(text).effective);
    expect(printed).not.toContain(SECRET);
    expect(parseConfig(printed).warnings).toEqual([]);
  });

  it('is tried with every secret that there is a key for', () => {
    const secrets = scalarsOf(configSchema, [])
      .filter((path) => isSecretKey(path.join('.')))
      .map((path) => path.join('.').replace(/(\.X-Other)\.0$/, '$1'));
    expect(secrets).toContain('redis.password');
    const { effective } = parseConfig(SECRETS);
    const untried = secrets.filter((key) => nodeAt(effective, ...key.split('.')) === undefined);
    expect(untried).toEqual([]);
  });

  it.each([
    'storage: inmemory',
    'storage: inmemory\nhttp: { cors: { origins: ["https://a.example"], allowcredentials: true } }',
    'storage: { filesystem: }\nauth: none\nlog: { level: Info }',
    'storage: inmemory\nlog: { fields: { a: yes, b: "yes", c: 0x10, d: 1.50, e: [1, { f: null }] } }',
    'storage: inmemory\nproxy: { remoteurl: "http://h", username: 007, password: "***", ttl: 1h }',
    'storage: inmemory\nhttp: { net: unix, addr: "/run/a b.sock", headers: { X-A: ["#", "a: b", "no"] } }',
    'storage: { gcs: { bucket: 1_000, chunksize: 0x40000 }, maintenance: { uploadpurging: { age: 1500ms } } }',
    'storage: inmemory\nnotifications: { endpoints: [{ name: a, url: "http://h", timeout: 1000000 }] }',
    'storage: inmemory\nauth: { htpasswd: { realm: r, path: p, groups: { a: [b] }, policy: [{ repositories: ["**"], groups: [a], allow: [] }] } }',
    'storage: { sqlite: { module: m, file: a } }',
  ])('means what it was printed from: %s', (text) => {
    const { config, effective } = parseConfig(`version: 0.1\n${text}`);
    const again = parseConfig(printConfig(effective));
    expect(again.warnings).toEqual([]);
    expect(again.config).toEqual(config);
    expect(printConfig(again.effective).replaceAll(/ # default$/gm, '')).toEqual(
      printConfig(effective).replaceAll(/ # default$/gm, ''),
    );
  });

  it('tells what a variable says, and what is a default', () => {
    const environment = { REGISTRY_HTTP_ADDR: ':1', REGISTRY_REDIS_ADDRS: '[a:1, b:1]' };
    const text = 'version: 0.1\nstorage: inmemory\nhttp: { addr: ":2", host: https://h }\n';
    const printed = printConfig(parseConfig(text, { environment }).effective);
    expect(printed).toContain('\n  addr: :1 # REGISTRY_HTTP_ADDR\n');
    expect(printed).toContain('\n  addrs: [a:1, b:1] # REGISTRY_REDIS_ADDRS\n');
    expect(printed).toContain('\n  net: tcp # default\n');
    expect(printed).toContain('\n  host: https://h\n');
  });
});
