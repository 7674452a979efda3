import { describe, expect, it } from 'vitest';
import { parseConfig } from './load.ts';

const MINIMAL = 'version: 0.1\nstorage: inmemory\n';
const limitsOf = (limits: string) =>
  parseConfig(`${MINIMAL}http: { limits: ${limits} }`).config.http.limits;

describe('limits', () => {
  it('suit one core by default', () => {
    expect(limitsOf('{}')).toEqual({
      connections: 20_000,
      connectionsperclient: 0,
      requests: 500,
      transfers: 5_000,
      walks: 2,
      waitingbytes: 67_108_864,
      clientshare: 50,
      anonymousshare: 25,
      trustedproxies: ['127.0.0.0/8', '::1/128'],
      queue: 1_000,
      queuetimeout: 10_000,
      headertimeout: 60_000,
      requesttimeout: 300_000,
      idletimeout: 120_000,
      bodyrate: 100,
      headersize: 65_536,
      headers: 200,
      urllength: 16_384,
    });
  });

  it.each([
    ['connections', '0', 0],
    ['connectionsperclient', '9', 9],
    ['requests', '1', 1],
    ['transfers', '1', 1],
    ['walks', '1', 1],
    ['waitingbytes', '1048576', 1_048_576],
    ['clientshare', '1', 1],
    ['anonymousshare', '100', 100],
    ['trustedproxies', '[]', []],
    ['trustedproxies', '[192.0.2.1, "2001:db8::/32"]', ['192.0.2.1', '2001:db8::/32']],
    ['queue', '0', 0],
    ['queuetimeout', '0', 0],
    ['headertimeout', '1s', 1000],
    ['requesttimeout', '0', 0],
    ['idletimeout', '1s', 1000],
    ['bodyrate', '0', 0],
    ['headersize', '1024', 1024],
    ['headers', '10', 10],
    ['urllength', '256', 256],
  ])('may be %s: %s', (key, text, value) => {
    expect(limitsOf(`{ ${key}: ${text} }`)).toHaveProperty(key, value);
  });

  it.each([
    ['connections', '-1', 'an integer, 0 or more'],
    ['requests', '0', 'an integer, 1 or more'],
    ['transfers', '0', 'an integer, 1 or more'],
    ['walks', '0', 'an integer, 1 or more'],
    ['waitingbytes', '1048575', 'an integer, 1048576 or more'],
    ['clientshare', '0', 'a percentage from 1 to 100'],
    ['anonymousshare', '101', 'a percentage from 1 to 100'],
    ['trustedproxies', '10.0.0.0/8', 'a list of addresses and networks, such as [10.0.0.0/8]'],
    ['headertimeout', '0', 'a duration of 1s or more'],
    ['requesttimeout', '999ms', '0, or a duration of 1s or more'],
    ['idletimeout', '1ms', '0, or a duration of 1s or more'],
    ['headersize', '1023', 'an integer, 1024 or more'],
    ['headers', '9', 'an integer, 10 or more'],
    ['urllength', '255', 'an integer, 256 or more'],
  ])('may not be %s: %s', (key, text, expected) => {
    expect(() => limitsOf(`{ ${key}: ${text} }`)).toThrow(
      `http.limits.${key}: expected ${expected}, found ${text}`,
    );
  });

  it.each([
    'proxy.example.org',
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.0/8/8',
    'fe80::1%eth0',
    '',
  ])('may not trust %o as a proxy', (text) => {
    expect(() => limitsOf(`{ trustedproxies: ['${text}'] }`)).toThrow(
      /^.*http\.limits\.trustedproxies.*expected an (?:IP )?address/,
    );
  });
});
