import { describe, expect, it } from 'vitest';
import { parseTcpAddress } from './listen-address.ts';

describe('parseTcpAddress', () => {
  it.each([
    ['127.0.0.1:5000', '127.0.0.1', 5000],
    ['localhost:0', 'localhost', 0],
    [':5000', undefined, 5000],
    ['[::1]:5000', '::1', 5000],
    ['[fe80::1%eth0]:65535', 'fe80::1%eth0', 65_535],
  ])('reads %s', (text, host, port) => {
    expect(parseTcpAddress(text)).toEqual({ kind: 'tcp', host, port });
  });

  it.each(['', '5000', 'localhost', 'localhost:', ':65536', '::1:5000', ':http', 'a b:1', ':-1'])(
    'refuses %j',
    (text) => {
      expect(parseTcpAddress(text)).toBeUndefined();
    },
  );
});
