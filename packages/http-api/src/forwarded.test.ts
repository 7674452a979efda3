import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { forwardedOrigin, isHost } from './forwarded.ts';

describe('forwardedOrigin', () => {
  it.each([
    [{}, undefined, undefined],
    [{ forwarded: 'proto=https;host=a.example' }, 'https', 'a.example'],
    [{ forwarded: 'for=1.2.3.4; Proto=HTTPS ;HOST="a.example:5000"' }, 'https', 'a.example:5000'],
    [{ forwarded: 'host="a\\.example"' }, undefined, 'a.example'],
    [{ forwarded: 'host=a.example, host=b.example' }, undefined, 'a.example'],
    [{ forwarded: 'for=x, proto=https;host=b.example' }, undefined, undefined],
    [{ forwarded: 'host="[2001:db8::1]:5000"' }, undefined, '[2001:db8::1]:5000'],
    [{ 'x-forwarded-proto': 'https' }, 'https', undefined],
    [{ 'x-forwarded-proto': 'https, http' }, 'https', undefined],
    [{ 'x-forwarded-proto': 'https,https' }, 'https', undefined],
    [{ 'x-forwarded-proto': 'gopher, https' }, undefined, undefined],
    [{ 'x-forwarded-host': 'a.example:5000' }, undefined, 'a.example:5000'],
    [{ 'x-forwarded-host': ' a.example , b.example' }, undefined, 'a.example'],
  ])('reads %j', (headers, scheme, host) => {
    expect(forwardedOrigin(headers)).toEqual({ scheme, host });
  });

  it.each(['host', 'host=', '=x', 'host=a b', 'host="a', 'host=a;;proto=http', 'host=a:5000', ';'])(
    'looks at nothing else when Forwarded is %j, which cannot be read',
    (forwarded) => {
      const headers = { forwarded, 'x-forwarded-host': 'b.example', 'x-forwarded-proto': 'https' };
      expect(forwardedOrigin(headers)).toEqual({ scheme: undefined, host: undefined });
    },
  );

  it.each(['javascript', 'ftp', '', 'https\r\n'])('ignores the scheme %j', (scheme) => {
    expect(forwardedOrigin({ 'x-forwarded-proto': scheme }).scheme).toBeUndefined();
  });

  it('never gives a host or a scheme that could break out of a URL or a header', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string(),
        fc.string(),
        (host, forwarded, scheme) => {
          for (const headers of [
            { forwarded },
            { forwarded: `host="${host}"` },
            { 'x-forwarded-host': host, 'x-forwarded-proto': scheme },
          ]) {
            const origin = forwardedOrigin(headers);
            expect(['http', 'https', undefined]).toContain(origin.scheme);
            if (origin.host === undefined) continue;
            const url = `http://${origin.host}/v2/`;
            expect(url).toMatch(/^[\x21-\x7e]+$/);
            expect(url).not.toMatch(/[@?#\\]|\/\/.*\/\//);
          }
        },
      ),
    );
  });

  it('reads hostile lengths in linear time (catastrophic backtracking)', () => {
    const long = 'a'.repeat(100_000);
    for (const text of [long, `${long}=`, `host="${'\\'.repeat(100_001)}`, 'a=b;'.repeat(30_000)]) {
      forwardedOrigin({ forwarded: text, 'x-forwarded-host': text });
    }
    expect(isHost(long)).toBe(false);
  });
});

describe('isHost', () => {
  it.each([
    'a',
    'a.example',
    'A-b.example.',
    'my_registry:5000',
    '127.0.0.1:65535',
    '[::1]',
    '[::1]:80',
  ])('accepts %s', (host) => expect(isHost(host)).toBe(true));

  it.each([
    '',
    '.a',
    '-a',
    'a-',
    'a/b',
    'a@b',
    'a b',
    'a:b',
    'a:',
    'a:123456',
    '[::1',
    'a?',
    'a#',
    'ä',
    'a\n',
  ])('refuses %j', (host) => expect(isHost(host)).toBe(false));
});
