import { describe, expect, it } from 'vitest';
import { requestIdOf } from './request-id.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('the id of a request', () => {
  it.each(['0af7651916cd43dd8448eb211c80319c', 'a', 'edge/1:2-3_4.5~6=+@x', 'x'.repeat(128)])(
    'is the one that was sent: %s',
    (id) => {
      expect(requestIdOf({ headers: { 'x-request-id': id } })).toBe(id);
    },
  );

  it.each([
    undefined,
    '',
    ' ',
    'a b',
    'one, two',
    '"quoted"',
    '\u001b[31mred',
    'caf\u00e9',
    '<script>',
    '-option',
    'x'.repeat(129),
    ['one', 'two'],
  ])('is a new one in place of %j (log injection)', (sent) => {
    const request = { headers: { 'x-request-id': sent } };
    const id = requestIdOf(request);
    expect(id).toMatch(UUID);
    expect(requestIdOf(request)).toBe(id);
    expect(requestIdOf({ headers: { 'x-request-id': sent } })).not.toBe(id);
  });
});
