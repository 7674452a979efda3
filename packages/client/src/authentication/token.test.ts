import { afterEach, describe, expect, it, vi } from 'vitest';
import { responseHeaders } from '../transport/response-headers.ts';
import { parseToken } from './token.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function parse(answer: unknown, headers = {}) {
  vi.useFakeTimers({ now: NOW });
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  const { endsAt, ...token } = parseToken(text, responseHeaders(headers), 'https://auth.test');
  return { ...token, seconds: (endsAt - NOW) / 1000 };
}

describe('parseToken', () => {
  afterEach(() => void vi.useRealTimers());

  it('takes either name of a token, that of OAuth2 before the other', () => {
    expect(parse({ token: 'a' }).value).toBe('a');
    expect(parse({ access_token: 'b', token: 'a' }).value).toBe('b');
    expect(parse({ access_token: '', token: 'a' }).value).toBe('a');
    expect(parse({ token: 'a', refresh_token: 'r' }).refreshToken).toBe('r');
  });

  it('gives up a token some time before it ends', () => {
    expect(parse({ token: 'a', expires_in: 300 }).seconds).toBe(290);
    expect(parse({ token: 'a', expires_in: 8 }).seconds).toBe(6);
    expect(parse({ token: 'a' }).seconds).toBe(50);
    expect(parse({ token: 'a', expires_in: 'long' }).seconds).toBe(50);
    expect(parse({ token: 'a', expires_in: 1e12 }).seconds).toBe(86_390);
  });

  it('counts the age of a token by the clock of the server', () => {
    const answer = { token: 'a', expires_in: 300, issued_at: '2030-06-01T00:00:00Z' };
    const date = 'Sat, 01 Jun 2030 00:01:40 GMT';
    expect(parse(answer, { date }).seconds).toBe(190);
    expect(parse(answer).seconds).toBe(290);
    expect(parse({ ...answer, issued_at: 'once' }, { date }).seconds).toBe(290);
  });

  for (const [what, answer] of [
    ['no JSON', 'secret-token'],
    ['no object', '"secret-token"'],
    ['no token', { expires_in: 3 }],
    ['a token that is no text', { token: ['secret-token'] }],
    ['a token that breaks a header', { token: 'secret-token\r\nx: y' }],
    ['a token without end', { token: 'a'.repeat(70_000) }],
  ] as const) {
    it(`refuses ${what}, without repeating it`, () => {
      expect(() => parse(answer)).toThrow(expect.objectContaining({ code: 'RESPONSE_INVALID' }));
      expect(() => parse(answer)).not.toThrow('secret');
    });
  }
});
