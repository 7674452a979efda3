import { describe, expect, it } from 'vitest';
import { headersOf } from './fixtures/answers.ts';
import { serve } from './fixtures/serve.ts';

const PATHS = ['/v2/', '/v2/unknown', '/v2/a/manifests/x'];

describe('content sniffing', () => {
  it('is forbidden by every answer, and scripts too', async () => {
    await using server = await serve();
    for (const path of PATHS) {
      const answer = await fetch(server.url + path);
      expect(headersOf(answer, 'x-content-type-options', 'content-security-policy')).toEqual({
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      });
    }
  });

  it('is decided by a configured header of the same name in any case of letters', async () => {
    await using server = await serve({ headers: { 'content-security-policy': ['sandbox'] } });
    for (const path of PATHS) {
      const answer = await fetch(server.url + path);
      expect(answer.headers.get('content-security-policy')).toBe('sandbox');
    }
  });
});
