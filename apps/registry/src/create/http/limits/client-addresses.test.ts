import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ClientAddresses } from './client-addresses.ts';

const addresses = new ClientAddresses(['127.0.0.0/8', '::1', '10.0.0.0/8', 'fd00::/8']);
const of = (remoteAddress: string | undefined, headers: IncomingHttpHeaders = {}) =>
  addresses.of({ socket: { remoteAddress } as Socket, headers });
const forwardedFor = (text: string) => ({ 'x-forwarded-for': text });

describe('the address that a request counts for', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('is the one of the peer: %s', (peer, expected) => {
    expect(of(peer)).toBe(expected);
  });

  it('is not what an untrusted peer says: forged client addresses never count', () => {
    expect(of('192.0.2.7', forwardedFor('198.51.100.1'))).toBe('192.0.2.7');
    expect(of('192.0.2.7', { forwarded: 'for=198.51.100.1' })).toBe('192.0.2.7');
  });

  it.each([
    ['198.51.100.1', '198.51.100.1'],
    ['198.51.100.1:4711', '198.51.100.1'],
    ['[2001:db8:1:2::1]:4711', '2001:db8:1:2::/64'],
    // Made up by the client, and added to by the proxies.
    ['203.0.113.9, 198.51.100.1', '198.51.100.1'],
    ['203.0.113.9, 198.51.100.1, 10.1.1.1', '198.51.100.1'],
    ['10.2.2.2, 10.1.1.1', '10.2.2.2'],
    ['203.0.113.9, unknown', '127.0.0.1'],
    ['', '127.0.0.1'],
  ])('is the nearest that is no proxy, of what trusted ones say: %s', (text, expected) => {
    expect(of('127.0.0.1', forwardedFor(text))).toBe(expected);
  });

  it('is read from Forwarded where there is no X-Forwarded-For', () => {
    const forwarded = 'for=203.0.113.9, by=x;for="[2001:db8:1:2::1]:80";proto=https';
    expect(of('::1', { forwarded })).toBe('2001:db8:1:2::/64');
    expect(of('::1', { forwarded, ...forwardedFor('198.51.100.1') })).toBe('198.51.100.1');
  });

  it('is what is said over a Unix socket', () => {
    expect(of(undefined, forwardedFor('198.51.100.1'))).toBe('198.51.100.1');
    expect(of(undefined)).toBe('');
  });

  it('takes time in proportion to the length of what is said', () => {
    const text = `${'127.0.0.1,'.repeat(100_000)}198.51.100.1`;
    const before = performance.now();
    expect(of('127.0.0.1', forwardedFor(text))).toBe('198.51.100.1');
    expect(of('127.0.0.1', { forwarded: ';for='.repeat(100_000) })).toBe('127.0.0.1');
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});
