import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { mayLeadTo, reachOfAddress, reachOfHost } from './address-reach.ts';
import { Neighbourhood } from './neighbourhood.ts';

describe('reachOfAddress', () => {
  for (const [reach, addresses] of Object.entries({
    loopback: ['127.0.0.1', '127.255.255.255', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1'],
    private: [
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '100.64.0.1',
      'fc00::1',
      'fdff::1',
      '::ffff:10.0.0.1',
      '64:ff9b::10.0.0.1',
    ],
    public: [
      '8.8.8.8',
      '172.32.0.1',
      '172.15.255.255',
      '100.128.0.1',
      '2001:4860:4860::8888',
      '::ffff:8.8.8.8',
      '64:ff9b::8.8.8.8',
    ],
    never: [
      '169.254.169.254',
      '::ffff:169.254.169.254',
      '64:ff9b::169.254.169.254',
      'fe80::1',
      'fe80::1%eth0',
      'fd00:ec2::254',
      '100.100.100.200',
      '224.0.0.1',
      '255.255.255.255',
      'ff02::1',
      'no address',
    ],
  })) {
    it(`knows ${reach} addresses`, () => {
      expect(addresses.map((address) => reachOfAddress(address))).toEqual(
        addresses.map(() => reach),
      );
    });
  }
});

describe('embedded addresses', () => {
  /** Every form of IPv6 address in which an IPv4 address can be, given its four bytes. */
  const FORMS: Readonly<Record<string, (bytes: readonly number[]) => string>> = {
    'IPv4-compatible': (bytes) => `::${bytes.join('.')}`,
    'IPv4-mapped': (bytes) => `::ffff:${bytes.join('.')}`,
    'IPv4-translated': (bytes) => `::ffff:0:${bytes.join('.')}`,
    NAT64: (bytes) => `64:ff9b::${bytes.join('.')}`,
    'NAT64 of a site, 96': (bytes) => `64:ff9b:1:abcd::${bytes.join('.')}`,
    'NAT64 of a site, 64': ([a, b, c, d]) =>
      `64:ff9b:1:abcd:${hex(0, a)}:${hex(b, c)}:${hex(d, 0)}:0`,
    'NAT64 of a site, 56': ([a, b, c, d]) =>
      `64:ff9b:1:${hex(0xab, a)}:${hex(0, b)}:${hex(c, d)}::`,
    'NAT64 of a site, 48': ([a, b, c, d]) => `64:ff9b:1:${hex(a, b)}:${hex(0, c)}:${hex(d, 0)}::`,
    '6to4': ([a, b, c, d]) => `2002:${hex(a, b)}:${hex(c, d)}::1`,
    'Teredo, its server': ([a, b, c, d]) => `2001:0:${hex(a, b)}:${hex(c, d)}::f7f7:f7f7`,
    'Teredo, its client': (bytes) => {
      const [a, b, c, d] = bytes.map((byte) => byte ^ 0xff);
      return `2001:0:808:808:0:1:${hex(a, b)}:${hex(c, d)}`;
    },
    ISATAP: (bytes) => `2001:db8::200:5efe:${bytes.join('.')}`,
  };
  const hex = (high = 0, low = 0) => ((high << 8) | low).toString(16);

  it.each(Object.entries(FORMS))('decide the reach of %s', (_, form) => {
    const addresses = ['127.0.0.1', '10.1.2.3', '100.64.1.2', '169.254.169.254', '8.8.8.8'];
    const reaches = addresses.map((address) =>
      reachOfAddress(form(address.split('.').map(Number))),
    );
    expect(reaches).toEqual(['loopback', 'private', 'private', 'never', 'public']);
  });

  it('leave other IPv6 addresses as they are', () => {
    const addresses = ['2001:4860:4860::8888', '2606:4700::1111', '2001:1::7f00:1'];
    expect(addresses.map(reachOfAddress)).toEqual(['public', 'public', 'public']);
    expect(reachOfHost('[2002:7f00:1::]')).toBe('loopback');
  });
});

describe('reachOfHost', () => {
  it('knows this machine and addresses by their host, and no other names', () => {
    expect(['localhost', 'a.localhost', 'localhost.', '[::1]'].map(reachOfHost)).toEqual(
      Array(4).fill('loopback'),
    );
    expect(reachOfHost('[fe80::1]')).toBe('never');
    expect(reachOfHost('registry.example')).toBeUndefined();
    expect(reachOfHost('notlocalhost')).toBeUndefined();
  });
});

describe('mayLeadTo', () => {
  it('leads away, never nearer', () => {
    const reaches = ['loopback', 'private', 'public', 'never'] as const;
    const table = reaches.map((from) => reaches.filter((to) => mayLeadTo(from, to)));
    expect(table.slice(0, 3)).toEqual([
      ['loopback', 'private', 'public'],
      ['private', 'public'],
      ['public'],
    ]);
  });
});

describe('Neighbourhood', () => {
  /** Names, as a server of names answers for them at one time after the other. */
  const NAMES: Readonly<Record<string, readonly string[][]>> = {
    'public.test': [['203.0.113.1', '2001:db8::1']],
    'private.test': [['10.0.0.1']],
    'mixed.test': [['203.0.113.1', '10.0.0.1']],
    'turning.test': [['203.0.113.1'], ['10.0.0.1']],
    'this.test': [['127.0.0.1']],
    'cloud.test': [['169.254.169.254']],
  };

  function create(registry: string) {
    const times = new Map<string, number>();
    const lookup = ((hostname, options, callback) => {
      const time = times.get(hostname) ?? 0;
      times.set(hostname, time + 1);
      const answers = NAMES[hostname] ?? [];
      const addresses = answers[Math.min(time, answers.length - 1)] ?? [];
      const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      if (options.all) callback(null, all);
      else callback(null, all[0]?.address ?? '', all[0]?.family);
    }) satisfies LookupFunction;
    const neighbourhood = new Neighbourhood(new URL(`https://${registry}`), lookup);
    const resolve = (of: LookupFunction, hostname: string, all = true) =>
      new Promise<string>((settle) => {
        of(hostname, { all }, (error) => settle(error === null ? 'connected' : error.message));
      });
    return {
      neighbourhood,
      /** Connects to the registry, and then to where it leads. */
      lead: async (hostname: string, all = true) => {
        await resolve(neighbourhood.lookupRegistry, registry, all);
        return resolve(neighbourhood.lookupOther, hostname, all);
      },
    };
  }

  for (const [registry, allowed] of [
    ['public.test', ['public.test']],
    ['mixed.test', ['public.test']],
    ['turning.test', ['public.test']],
    ['private.test', ['public.test', 'private.test', 'mixed.test']],
    ['this.test', ['public.test', 'private.test', 'mixed.test', 'this.test']],
  ] as const) {
    it(`lets ${registry} lead to ${allowed.join(', ')} alone`, async () => {
      for (const name of ['public.test', 'private.test', 'mixed.test', 'this.test', 'cloud.test']) {
        const { lead } = create(registry);
        const expected = allowed.some((each) => each === name) ? /^connected$/ : /nearer/;
        expect(await lead(name)).toMatch(expected);
        // Who asks for one address alone gets the first.
        const first = name === 'mixed.test' ? /./ : expected;
        expect(await lead(name, false)).toMatch(first);
      }
    });
  }

  it('judges a name anew at each connection', async () => {
    const { lead } = create('public.test');
    expect(await lead('turning.test')).toBe('connected');
    expect(await lead('turning.test')).toMatch(/nearer/);
  });

  it('takes a registry of which nothing is known for a public one', () => {
    const { neighbourhood } = create('private.test');
    expect(() => neighbourhood.check('10.0.0.1')).toThrow('nearer');
    expect(() => neighbourhood.check('elsewhere.test')).not.toThrow();
    expect(() => create('10.0.0.9').neighbourhood.check('10.0.0.1')).not.toThrow();
  });
});
