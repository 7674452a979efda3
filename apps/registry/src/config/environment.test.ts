import { describe, expect, it } from 'vitest';
import { problemsOf } from '../fixtures/refused-configuration.ts';
import type { Environment } from './environment.ts';
import { parseConfig, type LoadedConfig } from './load.ts';

const FILE = `
version: 0.1
storage: { filesystem: { rootdirectory: /srv } }
http: { addr: :5000, headers: { X-Content-Type-Options: [nosniff], X-List: [a, b] } }
log: { fields: { Service: registry } }
`;

function load(environment: Environment): LoadedConfig {
  return parseConfig(FILE, { environment });
}

function problemsWith(environment: Environment): readonly string[] {
  return problemsOf(FILE, { environment });
}

describe('a REGISTRY_ variable', () => {
  it('replaces a value of the file', () => {
    const { config } = load({ REGISTRY_HTTP_ADDR: 'localhost:1', REGISTRY_LOG_LEVEL: 'debug' });
    expect(config.http.listen).toEqual({ kind: 'tcp', host: 'localhost', port: 1 });
    expect(config.log.level).toBe('debug');
  });

  it('is YAML, and text where text is expected', () => {
    const { config } = load({
      REGISTRY_STORAGE_DELETE_ENABLED: 'yes',
      REGISTRY_HTTP_PREFIX: '/007',
      REGISTRY_HTTP_DRAINTIMEOUT: '5s',
      REGISTRY_TAGS_MAXTAGS: '0x10',
    });
    expect(config.storage.delete.enabled).toBe(true);
    expect(config.http).toMatchObject({ prefix: '/007', draintimeout: 5_000 });
    expect(config.tags.maxtags).toBe(16);
  });

  it('may have the name that distribution gives it', () => {
    const { config, warnings } = load({
      REGISTRY_COMPATIBILITY_SCHEMA1_TRUSTKEY: '/etc/key.pem',
      REGISTRY_NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES: 'true',
      REGISTRY_HEALTH_FILECHECKERS_0_FILE: '/maintenance',
      REGISTRY_HEALTH_HTTPCHECKERS_0_URI: 'https://a.example/',
      REGISTRY_HEALTH_TCPCHECKERS: '[{ addr: "a:1" }]',
      REGISTRY_REDIS_OPTIONS_ADDRS: '[a:6379, b:6379]',
    });
    expect(warnings).toEqual([]);
    expect(config.health).toMatchObject({
      file: [{ file: '/maintenance' }],
      http: [{ uri: 'https://a.example/' }],
      tcp: [{ addr: 'a:1' }],
    });
    expect(config.redis.addrs).toEqual(['a:6379', 'b:6379']);
    expect(config.compatibility.schema1.signingkeyfile).toBe('/etc/key.pem');
    expect(config.notifications.events.includereferences).toBe(true);
  });

  it('makes a list of endpoints, key by key', () => {
    const { config } = load({
      REGISTRY_NOTIFICATIONS_ENDPOINTS_0_NAME: 'listener',
      REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL: 'https://listener.example/events',
      REGISTRY_NOTIFICATIONS_ENDPOINTS_0_TIMEOUT: '500ms',
    });
    expect(config.notifications.endpoints).toMatchObject([
      { name: 'listener', url: 'https://listener.example/events', timeout: 500 },
    ]);
  });

  it.each<[string, Environment, object]>([
    [
      'a key that distribution cannot set below an untyped map',
      { REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_AGE: '1h' },
      { storage: { maintenance: { uploadpurging: { age: 3_600_000 } } } },
    ],
    [
      'a whole item of a list, which ends distribution',
      { REGISTRY_NOTIFICATIONS_ENDPOINTS_0: '{ name: a, url: "http://h" }' },
      { notifications: { endpoints: [{ name: 'a', url: 'http://h' }] } },
    ],
    [
      'an item of a list of values, which distribution leaves out',
      {
        REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMS: 'none',
        'REGISTRY_HTTP_HEADERS_X-LIST_0': 'c',
      },
      { http: { headers: { 'X-List': ['c', 'b'] } } },
    ],
    [
      'a section that is made when it is needed',
      { REGISTRY_PROXY_REMOTEURL: 'https://h', REGISTRY_PROXY_EXEC_COMMAND: 'helper' },
      { proxy: { exec: { command: 'helper' } } },
    ],
    [
      'access control, the usual way',
      {
        REGISTRY_AUTH: 'htpasswd',
        REGISTRY_AUTH_HTPASSWD_REALM: 'r',
        REGISTRY_AUTH_HTPASSWD_PATH: 'p',
      },
      { auth: { kind: 'htpasswd', realm: 'r', path: 'p' } },
    ],
    [
      'the middleware of the storage, key by key',
      {
        REGISTRY_MIDDLEWARE_STORAGE_0_NAME: 'redirect',
        REGISTRY_MIDDLEWARE_STORAGE_0_OPTIONS_BASEURL: 'https://h',
      },
      { middleware: { storage: [{ options: { baseurl: 'https://h' } }] } },
    ],
  ])('sets %s', (_, environment, config) => {
    const loaded = load(environment);
    expect(loaded.warnings).toEqual([]);
    expect(loaded.config).toMatchObject(config);
  });

  it('changes one parameter of the driver and leaves the others', () => {
    const { config } = load({ REGISTRY_STORAGE_FILESYSTEM_MAXTHREADS: '30' });
    expect(config.storage.driver).toMatchObject({ rootdirectory: '/srv', maxthreads: 30 });
  });

  it.each(['inmemory', '{ inmemory: {} }'])('replaces the whole storage section by %s', (value) => {
    const { config } = load({ REGISTRY_STORAGE: value, REGISTRY_STORAGE_DELETE_ENABLED: 'true' });
    expect(config.storage.driver).toEqual({ name: 'inmemory' });
    expect(config.storage.delete.enabled).toBe(true);
  });

  it('adds a second driver, which is one too many, as in distribution', () => {
    expect(problemsWith({ REGISTRY_STORAGE_INMEMORY: '{}' })).toEqual([
      'REGISTRY_STORAGE_INMEMORY: storage: expected exactly one storage driver, filesystem, gcs, inmemory or one with a module, found a map of filesystem, inmemory',
    ]);
  });

  it('replaces a header in any case of letters instead of adding a second one', () => {
    const { config } = load({ 'REGISTRY_HTTP_HEADERS_X-CONTENT-TYPE-OPTIONS': '[sniff]' });
    expect(config.http.headers).toEqual({
      'X-Content-Type-Options': ['sniff'],
      'X-List': ['a', 'b'],
    });
  });

  it('adds a header in small letters', () => {
    const { config } = load({ REGISTRY_HTTP_HEADERS_SERVER: '[purser]' });
    expect(config.http.headers['server']).toEqual(['purser']);
  });

  it('replaces and appends items of a list by number', () => {
    const { config } = load({
      'REGISTRY_HTTP_HEADERS_X-LIST_0': 'c',
      'REGISTRY_HTTP_HEADERS_X-LIST_2': 'd',
      REGISTRY_HTTP_HEADERS_NEW_0: 'e',
    });
    expect(config.http.headers).toMatchObject({ 'X-List': ['c', 'b', 'd'], new: ['e'] });
  });

  it('sets fields of the log, whose names keep the case of the file', () => {
    const { config } = load({ REGISTRY_LOG_FIELDS_SERVICE: 'a', REGISTRY_LOG_FIELDS_ZONE: 'b' });
    expect(config.log.fields).toEqual({ Service: 'a', zone: 'b' });
  });

  it('replaces a section', () => {
    const { config } = load({ REGISTRY_HTTP: '{ addr: ":1" }' });
    expect(config.http).toMatchObject({ listen: { port: 1 }, headers: {} });
  });

  it('without a value takes one away', () => {
    const { config } = load({ REGISTRY_HTTP_ADDR: '', REGISTRY_HTTP_HOST: undefined });
    expect(config.http.listen).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 5000 });
  });
});

it('finds what distribution keeps in untyped maps in any case of letters', () => {
  const { config } = load({ REGISTRY_STORAGE_filesystem_RootDirectory: '/x' });
  expect(config.storage.driver).toMatchObject({ rootdirectory: '/x' });
});

describe('a variable that does not fit', () => {
  it.each([
    [
      'REGISTRY_HTTP_ADR',
      'REGISTRY_HTTP_ADR: unknown variable, ignored; did you mean REGISTRY_HTTP_ADDR?',
    ],
    [
      'REGISTRY_HTTP_addr',
      'REGISTRY_HTTP_addr: unknown variable, ignored; did you mean REGISTRY_HTTP_ADDR?',
    ],
    ['REGISTRY_HTTP_ADDR_X', 'REGISTRY_HTTP_ADDR_X: unknown variable, ignored'],
    ['REGISTRY_PORT', 'REGISTRY_PORT: unknown variable, ignored'],
    [
      'REGISTRY_STORAGE__X',
      'REGISTRY_STORAGE__X: unknown variable, ignored; did you mean REGISTRY_STORAGE_GC?',
    ],
    ['REGISTRY_', 'REGISTRY_: unknown variable, ignored'],
    [
      'REGISTRY_STORAGE_DELETE_ENABLE',
      'REGISTRY_STORAGE_DELETE_ENABLE: storage.delete.enable: unknown key, ignored; did you mean storage.delete.enabled?',
    ],
    [
      'REGISTRY_NOTIFICATIONS_EVENTCONFIG_REFERENCES',
      'REGISTRY_NOTIFICATIONS_EVENTCONFIG_REFERENCES: unknown variable, ignored',
    ],
  ])('%s is a warning', (variable, line) => {
    const lines = load({ [variable]: 'x' }).warnings;
    expect(lines).toEqual([line]);
  });

  it.each(['REGISTRY_CONFIGURATION_PATH', 'registry_http_addr', 'REGISTRYHTTP'])(
    '%s is no business of the configuration',
    (variable) => {
      expect(load({ [variable]: 'x' }).warnings).toEqual([]);
    },
  );

  it.each([
    ['REGISTRY_HTTP_NET', 'udp', 'http.net: expected tcp or unix, found udp'],
    ['REGISTRY_HTTP_DRAINTIMEOUT', '[1', 'not valid YAML: Flow sequence must end with a ]'],
    [
      'REGISTRY_HTTP_HEADERS_X-LIST_3',
      'x',
      'http.headers.X-List: there is no item 3, and the next one would be 2',
    ],
    [
      'REGISTRY_HTTP_HEADERS_X-LIST_A',
      'x',
      'http.headers.X-List: expected the number of an item, found A',
    ],
    [
      'REGISTRY_AUTH',
      'ldap',
      'auth.ldap: unknown access controller; expected htpasswd, token, silly or none',
    ],
    [
      'REGISTRY_AUTH_HTPASSWD_REALM',
      'x',
      'auth.htpasswd.path: expected the path of a password file, found nothing',
    ],
    [
      'REGISTRY_HTTP_TLS_CERTIFICATE',
      '/x',
      'http.tls.key: expected the path of the key of http.tls.certificate, found nothing',
    ],
    [
      'REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED',
      'maybe',
      'storage.maintenance.readonly.enabled: expected true or false, found maybe',
    ],
  ])('%s=%s stops the start', (variable, value, message) => {
    expect(problemsWith({ [variable]: value })).toEqual([`${variable}: ${message}`]);
  });

  it('reaches no prototype (prototype pollution)', () => {
    const { fields } = load({ REGISTRY_LOG_FIELDS_CONSTRUCTOR: 'x' }).config.log;
    expect(Object.getOwnPropertyDescriptor(fields, 'constructor')?.value).toBe('x');
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
  });
});
