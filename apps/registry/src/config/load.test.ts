import { describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from './load.ts';

const MINIMAL = 'version: 0.1\nstorage: inmemory\n';

const DAY = 86_400_000;
const ACCESS_LOG = { disabled: false, probes: false };
const NO_CHECK = { enabled: false, interval: 10_000, threshold: 1 };
const PURGING = { enabled: true, age: 7 * DAY, interval: DAY, dryrun: false };

describe('a configuration file', () => {
  it('fills in every default', () => {
    const { config, warnings } = parseConfig(MINIMAL);
    expect({ config, warnings }).toEqual({
      config: {
        version: '0.1',
        auth: { kind: 'none' },
        log: { level: 'info', formatter: 'text', fields: {}, accesslog: ACCESS_LOG },
        storage: {
          driver: { name: 'inmemory' },
          delete: { enabled: false, repositories: false },
          redirect: { disable: false },
          cache: { blobdescriptorsize: 10_000, isDeprecated: false },
          maintenance: { uploadpurging: PURGING, readonly: { enabled: false } },
          tag: { concurrencylimit: 16 },
          verifyreads: { enabled: true },
          scrub: { enabled: false, interval: 7 * DAY, rate: 16_777_216, repair: false },
          gc: { interval: 0, grace: DAY / 24, deleteuntagged: false },
        },
        http: {
          listen: { kind: 'tcp', host: '127.0.0.1', port: 5000 },
          relativeurls: false,
          draintimeout: 30_000,
          draindelay: 5_000,
          http2: { disabled: false },
          h2c: { enabled: false },
          workers: 1,
          headers: {},
          debug: { prometheus: { enabled: false, path: '/metrics' } },
          limits: expect.objectContaining({ requests: 500 }),
          cors: { origins: [], allowcredentials: false, maxage: 600_000 },
        },
        health: { storagedriver: NO_CHECK, file: [], http: [], tcp: [] },
        middleware: { storage: [] },
        catalog: { maxentries: 1000 },
        tags: { maxtags: 1000 },
        validation: { blobs: 'all', manifests: 'all', urls: { allow: [], deny: [] } },
        policy: { repository: { classes: [] } },
        compatibility: { schema1: { enabled: false } },
        notifications: {
          events: { includereferences: false },
          endpoints: [],
          outbox: { durable: false },
        },
        redis: { addrs: [], db: 0, tls: { enabled: false, rootcas: [] } },
        proxy: { ttl: 604_800_000, upstreams: [] },
      },
      warnings: [],
    });
  });

  it('is frozen to the bottom', () => {
    const { config } = parseConfig(MINIMAL);
    expect(() => Object.assign(config.storage.delete, { enabled: true })).toThrow(TypeError);
  });

  it.each([
    ['storage: inmemory', 'inmemory'],
    ['storage: { inmemory: }', 'inmemory'],
    ['storage: filesystem', 'filesystem'],
  ])('chooses the driver by its name alone: %s', (storage, name) => {
    expect(parseConfig(`version: 0.1\n${storage}`).config.storage.driver.name).toBe(name);
  });

  it('keeps what a bare filesystem driver writes where distribution does', () => {
    expect(parseConfig('version: 0.1\nstorage: filesystem').config.storage.driver).toMatchObject({
      rootdirectory: '/var/lib/registry',
      maxthreads: 100,
    });
  });

  it.each([
    ['log: { level: warn }\nloglevel: debug', 'warn'],
    ['loglevel: debug', 'debug'],
    ['loglevel: ~', 'info'],
  ])('takes the level of the log from %j', (text, level) => {
    expect(parseConfig(`${MINIMAL}${text}`).config.log.level).toBe(level);
  });

  it('takes the path of a socket for an address', () => {
    const { listen } = parseConfig(`${MINIMAL}http: { net: unix, addr: /run/purser.sock }`).config
      .http;
    expect(listen).toEqual({ kind: 'unix', path: '/run/purser.sock' });
  });

  it('treats empty text as nothing', () => {
    const { http } = parseConfig(`${MINIMAL}http: { host: "", addr: "", prefix: }`).config;
    expect(http.listen).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 5000 });
    expect(http.host).toBeUndefined();
  });

  it('resolves anchors and merges', () => {
    const text = 'x: &x { addr: :1 }\nhttp: { <<: *x, net: tcp }\n';
    const { config } = parseConfig(`${MINIMAL}${text}`);
    expect(config.http.listen).toMatchObject({ port: 1 });
  });

  it.each(['log: { fields: { __proto__: { polluted: 1 } } }', '__proto__: { polluted: 1 }'])(
    'reaches no prototype (prototype pollution): %s',
    (text) => {
      const { config, warnings } = parseConfig(`${MINIMAL}${text}`);
      expect(warnings).toHaveLength(1);
      expect(Object.getPrototypeOf(config.log.fields)).toBe(Object.prototype);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );
});

it('applies every key of a configuration file', () => {
  const { config, warnings } = parseConfig(`
version: "0.1"
log: { level: DEBUG, formatter: json, fields: { service: registry, n: 7 }, accesslog: { disabled: yes, probes: on } }
storage:
  filesystem: { rootdirectory: /srv/registry, maxthreads: 3 }
  delete: { enabled: on, repositories: on }
  redirect: { disable: true }
  maintenance:
    uploadpurging: { enabled: false, age: 24h, interval: 24h, dryrun: true }
    readonly: { enabled: true, message: moving, retryafter: 10m }
  tag: { concurrencylimit: 4 }
  verifyreads: { enabled: off }
  gc: { interval: 12h, grace: 30m, deleteuntagged: true }
  scrub: { enabled: true, interval: 24h, rate: 1, repair: true }
  cache: { blobdescriptor: redis, layerinfo: inmemory, blobdescriptorsize: 50 }
http:
  addr: "[::1]:5001"
  host: https://registry.example.org
  prefix: /registry/
  secret: 0123
  relativeurls: true
  draintimeout: 1m
  h2c: { enabled: true }
  workers: 3
  headers: { X-Content-Type-Options: [nosniff], X-Number: [0.10] }
  cors: { origins: [https://ui.example], allowcredentials: true, maxage: 1s }
  debug: { addr: ":5001", prometheus: { enabled: true, path: /prometheus } }
middleware:
  storage:
    - { name: redirect, disabled: true, options: { baseurl: https://mirror.example/blobs } }
catalog: { maxentries: 50 }
tags: { maxtags: 0 }
validation:
  manifests:
    blobs: none
    indexes: { platforms: List, platformlist: [{ architecture: amd64, os: linux }] }
    urls: { allow: ["^https://a/"], deny: [secret] }
policy: { repository: { classes: [image] } }
compatibility: { schema1: { enabled: true, signingkeyfile: /etc/key.json } }
notifications:
  events: { includereferences: true }
  endpoints:
    - name: listener
      url: https://listener.example/events
      headers: { Authorization: [Bearer x] }
      timeout: 500ms
      threshold: 5
      backoff: 2s
      ignoredmediatypes: [application/octet-stream]
      ignore: { mediatypes: [text/plain], actions: [pull] }
      envelope: cloudevents
      secret: 0123
      deadletter: { attempts: 3, age: 1h }
  outbox: { directory: /var/lib/events, maxbytes: 1000000, maxevents: 1000, durable: true }
redis:
  addrs: [one.example:6379, two.example:6379]
  addr: old.example:6379
  username: purser
  password: 0123
  db: 2
  clientname: registry
  mastername: main
  sentinelusername: watcher
  sentinelpassword: 4567
  dialtimeout: 1s
  readtimeout: 200ms
  writetimeout: 300ms
  tls: { enabled: true, certificate: /c.pem, key: /k.pem, rootcas: [/r.pem] }
`);
  expect(warnings).toEqual([]);
  expect(config).toEqual({
    version: '0.1',
    auth: { kind: 'none' },
    log: {
      level: 'debug',
      formatter: 'json',
      fields: { service: 'registry', n: 7 },
      accesslog: { disabled: true, probes: true },
    },
    storage: {
      driver: { name: 'filesystem', rootdirectory: '/srv/registry', maxthreads: 25 },
      delete: { enabled: true, repositories: true },
      redirect: { disable: true },
      cache: { blobdescriptor: 'redis', blobdescriptorsize: 50, isDeprecated: true },
      maintenance: {
        uploadpurging: { ...PURGING, enabled: false, age: DAY, dryrun: true },
        readonly: { enabled: true, message: 'moving', retryafter: 600_000 },
      },
      tag: { concurrencylimit: 4 },
      verifyreads: { enabled: false },
      scrub: { enabled: true, interval: DAY, rate: 1, repair: true },
      gc: { interval: DAY / 2, grace: DAY / 48, deleteuntagged: true },
    },
    http: {
      listen: { kind: 'tcp', host: '::1', port: 5001 },
      host: 'https://registry.example.org',
      prefix: '/registry/',
      secret: '0123',
      relativeurls: true,
      workers: 3,
      draintimeout: 60_000,
      draindelay: 5_000,
      http2: { disabled: false },
      h2c: { enabled: true },
      headers: { 'X-Content-Type-Options': ['nosniff'], 'X-Number': ['0.10'] },
      debug: {
        listen: { kind: 'tcp', host: undefined, port: 5001 },
        prometheus: { enabled: true, path: '/prometheus' },
      },
      limits: expect.objectContaining({ requests: 500 }),
      cors: { origins: ['https://ui.example'], allowcredentials: true, maxage: 1000 },
    },
    health: { storagedriver: NO_CHECK, file: [], http: [], tcp: [] },
    middleware: {
      storage: [
        { name: 'redirect', disabled: true, options: { baseurl: 'https://mirror.example/blobs' } },
      ],
    },
    catalog: { maxentries: 50 },
    tags: { maxtags: 1000 },
    validation: {
      blobs: 'none',
      manifests: [{ architecture: 'amd64', os: 'linux' }],
      urls: { allow: ['^https://a/'], deny: ['secret'] },
    },
    policy: { repository: { classes: ['image'] } },
    compatibility: { schema1: { enabled: true, signingkeyfile: '/etc/key.json' } },
    notifications: {
      events: { includereferences: true },
      endpoints: [
        {
          name: 'listener',
          disabled: false,
          url: 'https://listener.example/events',
          headers: { Authorization: ['Bearer x'] },
          timeout: 500,
          threshold: 5,
          backoff: 2000,
          ignoredmediatypes: ['application/octet-stream'],
          ignore: { mediatypes: ['text/plain'], actions: ['pull'] },
          envelope: 'cloudevents',
          secret: '0123',
          deadletter: { attempts: 3, age: 3_600_000 },
        },
      ],
      outbox: {
        directory: '/var/lib/events',
        maxbytes: 1_000_000,
        maxevents: 1000,
        durable: true,
      },
    },
    proxy: { ttl: 604_800_000, upstreams: [] },
    redis: {
      addrs: ['one.example:6379', 'two.example:6379'],
      addr: 'old.example:6379',
      username: 'purser',
      password: '0123',
      db: 2,
      clientname: 'registry',
      mastername: 'main',
      sentinelusername: 'watcher',
      sentinelpassword: '4567',
      dialtimeout: 1000,
      readtimeout: 200,
      writetimeout: 300,
      tls: { enabled: true, certificate: '/c.pem', key: '/k.pem', rootcas: ['/r.pem'] },
    },
  });
});

describe('no file', () => {
  it('means the loopback interface, a directory at hand, and a quiet log', async () => {
    const { config, warnings } = await loadConfig();
    expect(warnings).toEqual([]);
    expect(config.http.listen).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 5000 });
    expect(config.storage.driver).toMatchObject({ rootdirectory: './registry-data' });
    expect(config.storage.delete.enabled).toBe(false);
    expect(config.log.level).toBe('warn');
  });

  it.each([
    [{ REGISTRY_STORAGE: 'inmemory' }, { name: 'inmemory' }],
    [{ REGISTRY_STORAGE_INMEMORY: '{}' }, { name: 'inmemory' }],
    [{ REGISTRY_STORAGE_DELETE_ENABLED: 'true' }, { rootdirectory: './registry-data' }],
    [
      { REGISTRY_STORAGE_FILESYSTEM_MAXTHREADS: '50' },
      { rootdirectory: './registry-data', maxthreads: 50 },
    ],
    [{ REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: '/srv' }, { rootdirectory: '/srv' }],
  ])('lets the environment choose: %j', async (environment, driver) => {
    const { config } = await loadConfig({ environment });
    expect(config.storage.driver).toMatchObject(driver);
  });
});
