import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { claimedUser, clientAddress, forwardedAddress, peerIp } from './client-claims.ts';

function from(remoteAddress: string, headers: IncomingHttpHeaders = {}): IncomingMessage {
  return { headers, socket: { remoteAddress, remotePort: 40123 } } as IncomingMessage;
}

describe('the address of a client', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7:40123'],
    ['2001:db8::7', '[2001:db8::7]:40123'],
    ['::ffff:192.0.2.7', '192.0.2.7:40123'],
  ])('is that of the peer %s, with its port', (peer, address) => {
    expect(clientAddress(from(peer))).toBe(address);
  });

  it.each([
    [{ 'x-forwarded-for': '198.51.100.1, 10.0.0.1' }, '198.51.100.1'],
    [{ 'x-forwarded-for': ' 2001:db8::1 ' }, '2001:db8::1'],
    [{ 'x-real-ip': '198.51.100.2' }, '198.51.100.2'],
    [{ 'x-forwarded-for': 'unknown', 'x-real-ip': '198.51.100.2' }, '198.51.100.2'],
  ])('is the one that a proxy names: %j', (headers, address) => {
    expect(clientAddress(from('10.0.0.1', headers))).toBe(address);
  });

  it.each([
    { 'x-forwarded-for': '198.51.100.1:80' },
    { 'x-forwarded-for': '' },
    { 'x-real-ip': 'a' },
  ])('is not what is no address: %j', (headers) => {
    expect(clientAddress(from('10.0.0.1', headers))).toBe('10.0.0.1:40123');
  });
});

describe('the address that a proxy saw', () => {
  it.each([
    [{ 'x-forwarded-for': '198.51.100.1, 192.0.2.7' }, '192.0.2.7'],
    [{ 'x-forwarded-for': '2001:db8::1' }, '2001:db8::1'],
    [{ 'x-real-ip': '198.51.100.2' }, '198.51.100.2'],
    [{ 'x-forwarded-for': '198.51.100.1, unknown', 'x-real-ip': '198.51.100.2' }, '198.51.100.2'],
    [{ 'x-forwarded-for': '198.51.100.1,' }, undefined],
    [{}, undefined],
  ])('is the last one in %j', (headers, address) => {
    expect(forwardedAddress(from('10.0.0.1', headers))).toBe(address);
  });
});

describe('the IP address of a peer', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8::7', '2001:db8::7'],
  ])('is of %s %s', (remoteAddress, address) => {
    expect(peerIp(from(remoteAddress).socket)).toBe(address);
  });
});

describe('the user that a client says it is', () => {
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

  it.each([
    [basic('alice:secret'), 'alice'],
    [basic('alice:'), 'alice'],
    [basic('älice:a:b').replace('Basic', 'bAsIc'), 'älice'],
  ])('is the name of %j', (authorization, user) => {
    expect(claimedUser(authorization)).toBe(user);
  });

  it.each([undefined, '', 'Bearer abc', 'Basic', 'Basic ?', basic('alice'), basic(':secret')])(
    'is nobody in %j',
    (authorization) => {
      expect(claimedUser(authorization)).toBeUndefined();
    },
  );
});
