import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problemsOf, refusalOf } from '../fixtures/refused-configuration.ts';
import { CIPHER_SUITES } from './cipher-suites.ts';
import { loadConfig, parseConfig } from './load.ts';

const MINIMAL = 'version: 0.1\nstorage: inmemory\n';

describe('a warning', () => {
  it.each([
    [
      'http:\n  adr: :5000',
      'config.yml:4:3: http.adr: unknown key, ignored; did you mean http.addr?',
    ],
    ['colour: red', 'config.yml:3:1: colour: unknown key, ignored'],
    ['"a\\nb": 1', 'config.yml:3:1: a\\u000ab: unknown key, ignored'],
    [
      'proxy: { exec: { command: /x, lifetime: 1h } }',
      'config.yml:3:31: proxy.exec.lifetime: not applied: the helper is asked again when the upstream refuses what it said',
    ],
    [
      'redis: { poolsize: 5 }',
      'config.yml:3:10: redis.poolsize: not applied: commands share one connection to each server, so there is no pool to size',
    ],
    [
      'http: { tls: { letsencrypt: { email: a@b.example } } }',
      'config.yml:3:16: http.tls.letsencrypt: not applied: certificates are followed, not asked for; let certbot, lego or cert-manager write those of http.tls',
    ],
  ])('for %j is one line', (text, line) => {
    expect(parseConfig(`${MINIMAL}${text}`).warnings).toEqual([line]);
  });

  it.each([
    'redis: { pool: {} }',
    'health: {}',
    'http: { tls: {} }',
    'auth:',
    'auth: none\nproxy: ~',
    'proxy: { remoteurl: "" }',
  ])('is not given where nothing is left out: %j', (text) => {
    const { warnings } = parseConfig(`${MINIMAL}${text}`);
    expect(warnings).toEqual([]);
  });

  it('comes with the problems that it may explain', () => {
    const error = refusalOf(() => parseConfig('version: 0.1\nstroage: inmemory'));
    expect(error.warnings).toEqual([
      'config.yml:2:1: stroage: unknown key, ignored; did you mean storage?',
    ]);
    expect(error.problems).toEqual([
      'config.yml:1:1: storage: expected exactly one storage driver, filesystem, gcs, inmemory or one with a module, found nothing',
    ]);
  });
});

describe('a wrong value', () => {
  it.each([
    ['version: 0.2', 'config.yml:3:10: version: expected 0.1, found 0.2'],
    ['log: loud', 'config.yml:3:6: log: expected a map, found loud'],
    [
      'log: { level: loud }',
      'config.yml:3:15: log.level: expected error, warn, info or debug, found loud',
    ],
    [
      'log: { formatter: xml }',
      'config.yml:3:19: log.formatter: expected text, json or logstash, found xml',
    ],
    ['log: { fields: [a] }', 'config.yml:3:16: log.fields: expected a map, found a list'],
    [
      'log: { accesslog: { disabled: 1 } }',
      'config.yml:3:31: log.accesslog.disabled: expected true or false, found 1',
    ],
    [
      'http: { addr: 5000 }',
      'config.yml:3:15: http.addr: expected host:port, :port or [ipv6]:port with a port up to 65535, found 5000',
    ],
    ['http: { net: udp }', 'config.yml:3:14: http.net: expected tcp or unix, found udp'],
    [
      'http: { host: example.org }',
      'config.yml:3:15: http.host: expected a URL such as https://registry.example.org, found example.org',
    ],
    [
      'http: { prefix: registry }',
      'config.yml:3:17: http.prefix: expected a path such as /registry, found registry',
    ],
    [
      'http: { relativeurls: "yes" }',
      'config.yml:3:23: http.relativeurls: expected true or false, found yes',
    ],
    [
      'http: { draintimeout: 5 minutes }',
      'config.yml:3:23: http.draintimeout: expected a duration from 0 to 596h, such as 30s or 1m30s, found 5 minutes',
    ],
    [
      'http: { draintimeout: -5s }',
      'config.yml:3:23: http.draintimeout: expected a duration from 0 to 596h, such as 30s or 1m30s, found -5s',
    ],
    [
      'http: { headers: { X: nosniff } }',
      'config.yml:3:23: http.headers.X: expected a list of values, such as [nosniff], found nosniff',
    ],
    [
      'http: { headers: { X: ["a\\nb"] } }',
      'config.yml:3:24: http.headers.X.0: expected a header value without line breaks, found a\\u000ab',
    ],
    [
      'http: { headers: { Content-Length: [a] } }',
      'config.yml:3:20: http.headers: expected a header that does not say where an answer ends, found Content-Length',
    ],
    [
      'http: { headers: { "X Y": [a] } }',
      'config.yml:3:20: http.headers: expected the name of a header, found X Y',
    ],
    [
      'catalog: { maxentries: many }',
      'config.yml:3:24: catalog.maxentries: expected an integer, found many',
    ],
    [
      'tags: { maxtags: -1 }',
      'config.yml:3:18: tags.maxtags: expected an integer, 0 or more, found -1',
    ],
    [
      'notifications: { endpoints: [{ url: "http://h" }] }',
      'config.yml:3:30: notifications.endpoints.0.name: expected a name, found nothing',
    ],
    [
      'notifications: { endpoints: [{ name: a, url: "http://h" }, { name: a, url: "http://i" }] }',
      'config.yml:3:29: notifications.endpoints: expected endpoints of different names, found a list',
    ],
    [
      'notifications: { endpoints: [{ name: a, url: /events }] }',
      'config.yml:3:46: notifications.endpoints.0.url: expected an http or https URL, found /events',
    ],
    [
      'redis: { tls: { rootcas: /ca.pem } }',
      'config.yml:3:26: redis.tls.rootcas: expected a list of paths, found /ca.pem',
    ],
    [
      'compatibility: { schema1: { enabled: 1 } }',
      'config.yml:3:38: compatibility.schema1.enabled: expected true or false, found 1',
    ],
    [
      'auth: { htpasswd: { path: /x } }',
      'config.yml:3:19: auth.htpasswd.realm: expected a realm, found nothing',
    ],
    [
      'proxy: { remoteurl: ftp://u:p@h }',
      'config.yml:3:21: proxy.remoteurl: expected an http or https URL, found ftp://***@h',
    ],
    [
      'proxy: { upstreams: [{ prefix: a, remoteurl: "https://a" }, { prefix: a, remoteurl: "https://b" }] }',
      'config.yml:3:21: proxy.upstreams: expected upstreams of different prefixes, found a list',
    ],
    [
      'http: { tls: { certificate: /x } }',
      'config.yml:3:14: http.tls.key: expected the path of the key of http.tls.certificate, found nothing',
    ],
    [
      'http: { tls: { clientcas: [/x] } }',
      'config.yml:3:14: http.tls.certificate: expected the path of a certificate, since there is a key, or there are clientcas, found nothing',
    ],
    [
      'http: { tls: { minimumtls: tls1.0 } }',
      'config.yml:3:28: http.tls.minimumtls: expected tls1.2 or tls1.3, found tls1.0',
    ],
    [
      'http: { tls: { certificate: /x, key: /y, ciphersuites: [TLS_RSA_WITH_3DES_EDE_CBC_SHA] } }',
      `config.yml:3:57: http.tls.ciphersuites.0: expected one of ${CIPHER_SUITES.join(', ')}, found TLS_RSA_WITH_3DES_EDE_CBC_SHA`,
    ],
    [
      'http: { tls: { clientauth: any } }',
      'config.yml:3:28: http.tls.clientauth: expected request-client-cert, require-any-client-cert, verify-client-cert-if-given or require-and-verify-client-cert, found any',
    ],
    [
      'http: { tls: { letsencrypt: { cachefile: /x } } }',
      'config.yml:3:16: http.tls.letsencrypt: certificates are followed, not asked for; let certbot, lego or cert-manager write those of http.tls',
    ],
  ])('for %j is one line', (text, line) => {
    const base = text.startsWith('version') ? '#\nstorage: inmemory\n' : MINIMAL;
    expect(problemsOf(`${base}${text}`)).toEqual([line]);
  });

  it.each([
    [
      'version: 0.1',
      'config.yml:1:1: storage: expected exactly one storage driver, filesystem, gcs, inmemory or one with a module, found nothing',
    ],
    [
      'version: 0.1\nstorage: {}',
      'config.yml:2:10: storage: expected exactly one storage driver, filesystem, gcs, inmemory or one with a module, found an empty map',
    ],
    [
      'version: 0.1\nstorage: { filesystem: , inmemory: }',
      'config.yml:2:10: storage: expected exactly one storage driver, filesystem, gcs, inmemory or one with a module, found a map of filesystem, inmemory',
    ],
    [
      'version: 0.1\nstorage: { s3: { bucket: b } }',
      'config.yml:2:12: storage.s3: this version has no such storage driver; expected filesystem, gcs, inmemory, or a module that exports a driver',
    ],
    [
      'version: 0.1\nstorage: floppy',
      'config.yml:2:10: storage.floppy: unknown storage driver; expected filesystem, gcs, inmemory, or a module that exports a driver',
    ],
    [
      'version: 0.1\nstorage: inmemory\nvalidation: { manifests: { urls: { allow: ["(?=a)"] } } }',
      'config.yml:3:44: validation.manifests.urls.allow.0: expected a regular expression of RE2, as Go has them, found (?=a)',
    ],
    ['storage: inmemory', 'config.yml:1:1: version: expected 0.1, found nothing'],
    ['', 'config.yml:1:1: version: expected 0.1, found nothing'],
    ['- a', 'config.yml:1:1: expected a map of keys, found a list'],
    ['hello', 'config.yml:1:1: expected a map of keys, found a single value'],
  ])('in %j is one line', (text, line) => {
    expect(problemsOf(text)[0]).toBe(line);
  });

  it('is reported with all others, in the order of the file', () => {
    const text = 'version: 0.3\nstorage: {}\nhttp: { addr: x, net: y }\nloglevel: z\n';
    const keys = problemsOf(text).map((line) => line.split(': ')[1]);
    expect(keys).toEqual(['version', 'storage', 'http.addr', 'http.net', 'loglevel']);
  });

  it.each([
    ['http: { secret: [hunter2] }', 'found a list'],
    ['http: { secret: { hunter2: x } }', 'found a map'],
    ['proxy: { remoteurl: "http://h", password: { hunter2: x } }', 'found a map'],
    ['http: { host: "ftp://user:hunter2@h" }', 'found ftp://***@h'],
    ['http: { headers: { X-Token: hunter2 } }', 'found a value that is not shown'],
    [
      'notifications: { endpoints: [{ name: a, url: "http://h", headers: { X: hunter2 } }] }',
      'found a value that is not shown',
    ],
    [
      'notifications: { endpoints: [{ name: a, url: "ftp://user:hunter2@h" }] }',
      'found ftp://***@h',
    ],
  ])('never shows a secret: %s', (text, found) => {
    const [line] = problemsOf(`${MINIMAL}${text}`);
    expect(line).toContain(found);
    expect(line).not.toContain('hunter2');
  });
});

describe('a cache', () => {
  const cache = (text: string) => `version: 0.1\nstorage: { inmemory: , cache: { ${text} } }\n`;

  it('in redis needs the address of one', () => {
    expect(problemsOf(cache('blobdescriptor: redis'))).toEqual([
      'config.yml:1:1: redis.addrs: expected the address of a Redis, since storage.cache.blobdescriptor is redis, found nothing',
    ]);
    expect(problemsOf(`${cache('blobdescriptor: redis')}redis: { addrs: [] }`)).toHaveLength(1);
    expect(parseConfig(`${cache('layerinfo: redis')}redis: { addr: a:1 }`).warnings).toEqual([]);
  });

  it('of another kind stops the start', () => {
    expect(problemsOf(cache('blobdescriptor: memcached'))).toEqual([
      'config.yml:2:49: storage.cache.blobdescriptor: expected inmemory or redis, found memcached',
    ]);
  });
});

describe('a broken file', () => {
  it.each([
    [
      'a: [1',
      'config.yml:1:6: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    [
      'a: 1\nhunter2: "\\q"',
      'config.yml:2:11: not valid YAML: an unknown escape sequence between double quotes',
    ],
    [
      '- a\nb: hunter2',
      'config.yml:2:1: not valid YAML: unexpected text: a value with special characters needs quotes',
    ],
    [
      'a: *nowhere',
      'config.yml:1:4: a: a value begins with *, which needs quotes, or the anchor is missing',
    ],
    ['http: { addr: :1, addr: :2 }', 'config.yml:1:19: http.addr: the key is written twice'],
    ['[a]: 1', 'config.yml:1:1: expected a plain key'],
    ['<<: 1', 'config.yml:1:5: expected a map to merge'],
  ])('%j is told by its place', (text, line) => {
    expect(problemsOf(text)).toEqual([line]);
  });

  it('cannot fill the memory by aliases', () => {
    const lists = Array.from({ length: 12 }, (_, depth) =>
      depth === 0 ? 'l0: &l0 [x]' : `l${depth}: &l${depth} [${`*l${depth - 1},`.repeat(10)}]`,
    );
    expect(problemsOf(lists.join('\n')).at(-1)).toContain('too many values');
  });

  it.each([
    ['nowhere.yml', 'there is no such configuration file'],
    ['.', 'expected a configuration file, found a directory'],
    ['latin1.yml', 'the configuration file is not UTF-8'],
  ])('%s cannot be read, for a reason', async (name, reason) => {
    const directory = await mkdtemp(join(tmpdir(), 'purser-config-'));
    await writeFile(join(directory, 'latin1.yml'), Buffer.from([0xe9]));
    const path = join(directory, name);
    await expect(loadConfig({ path })).rejects.toMatchObject({ problems: [`${path}: ${reason}`] });
    await rm(directory, { recursive: true });
  });
});
