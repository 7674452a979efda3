import { describe, expect, it } from 'vitest';
import { formatAccess } from './access-log.ts';

const ENTRY = {
  time: new Date(2026, 0, 2, 3, 4, 5),
  remoteAddress: '127.0.0.1',
  method: 'GET',
  url: '/v2/',
  httpVersion: '1.1',
  status: 200,
  bytes: 2,
} as const;

describe('formatAccess', () => {
  it('writes the Apache combined format', () => {
    const line = formatAccess({ ...ENTRY, referer: 'http://r/', userAgent: 'curl/8' });
    expect(line).toMatch(
      /^127\.0\.0\.1 - - \[02\/Jan\/2026:03:04:05 [+-]\d{4}\] "GET \/v2\/ HTTP\/1\.1" 200 2 "http:\/\/r\/" "curl\/8"$/,
    );
  });

  it('writes the user, and nothing for what the client did not send', () => {
    const line = formatAccess({ ...ENTRY, user: 'alice' });
    expect(line).toMatch(/^127\.0\.0\.1 - alice \[.*\] ".*" 200 2 "" ""$/);
  });

  it('lets nobody end a field or a line (log injection)', () => {
    const line = formatAccess({ ...ENTRY, userAgent: 'a" "b\\\n\u001b', user: 'x\ny' });
    expect(line).toContain(String.raw`"a\" \"b\\\u000a\u001b"`);
    expect(line).toContain(String.raw`- x\u000ay [`);
  });
});
