import { describe, expect, it } from 'vitest';
import { sourcesOf } from './login-sources.ts';

describe('the sources of a login', () => {
  it('are the user, the peer, and the client that the peer names', () => {
    expect(sourcesOf('bob', {})).toEqual(['user bob']);
    expect(sourcesOf('bob', { address: '192.0.2.7' })).toEqual(['user bob', 'peer 192.0.2.7']);
    const behindProxy = { address: '192.0.2.7', forwardedAddress: '198.51.100.1' };
    expect(sourcesOf('bob', behindProxy)).toEqual([
      'user bob',
      'peer 192.0.2.7',
      'client 198.51.100.1 192.0.2.7',
    ]);
  });

  it.each([
    ['2001:db8:0:1::7', '2001:db8:0:1'],
    ['2001:0DB8:0:1:a:b:c:d', '2001:db8:0:1'],
    ['2001:db8::1:0:0:7', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0'],
  ])('name the network of %s: %s', (address, network) => {
    expect(sourcesOf('bob', { address })[1]).toBe(`peer ${network}`);
  });
});
