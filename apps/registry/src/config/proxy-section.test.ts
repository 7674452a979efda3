import { expect, it } from 'vitest';
import { createConfig, parseConfig } from './load.ts';

const TEXT = `version: 0.1
storage: inmemory
proxy:
  remoteurl: https://registry-1.docker.io
  username: alice
  password: open sesame
  exec: { command: /usr/bin/docker-credential-pass }
  ttl: 720h
  maxbytes: 50_000_000_000
  spooldirectory: /var/tmp
  upstreams:
    - prefix: quay.io
      remoteurl: https://quay.io
      namespaces: [quay.io]
      username: bob
      password: "123"
      exec: { command: /bin/helper }
`;

it('applies every key of the proxy, also a time that is longer than a timer can wait', () => {
  const { config, warnings } = parseConfig(TEXT);
  expect(warnings).toEqual([]);
  expect(config.proxy).toEqual({
    remoteurl: 'https://registry-1.docker.io',
    username: 'alice',
    password: 'open sesame',
    exec: { command: '/usr/bin/docker-credential-pass' },
    ttl: 30 * 24 * 3_600_000,
    maxbytes: 50_000_000_000,
    spooldirectory: '/var/tmp',
    upstreams: [
      {
        prefix: 'quay.io',
        remoteurl: 'https://quay.io',
        namespaces: ['quay.io'],
        fallback: false,
        username: 'bob',
        password: '123',
        exec: { command: '/bin/helper' },
      },
    ],
  });
});

it.each([
  ['two of them', [{ prefix: 'a' }, { prefix: 'b' }], undefined],
  ['proxy.remoteurl', [{ prefix: 'a' }], 'https://registry.example'],
])('refuses a fallback beside %s', (_, items, remoteurl) => {
  const upstreams = items.map((item) => ({
    ...item,
    remoteurl: 'https://upstream.example',
    fallback: true,
  }));
  expect(() => createConfig({ proxy: { remoteurl, upstreams } })).toThrow('fallback: true');
});
