import { createHash, createSign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CREDENTIALS, PUBLIC_KEY } from './fixtures/service-account.ts';
import { signUrl } from './signed-url.ts';

const signer = {
  accountOf: async () => CREDENTIALS.client_email,
  sign: async (text: string) => createSign('RSA-SHA256').update(text).sign(CREDENTIALS.private_key),
};
const options = {
  endpoint: 'https://storage.googleapis.com',
  bucket: 'images',
  key: 'root/docker/a-b.c/data',
  now: new Date('2026-01-02T03:04:05.678Z'),
};

/** What the service checks the signature of. */
function signedText(url: URL, method: string): string {
  const query = new URLSearchParams(url.searchParams);
  query.delete('X-Goog-Signature');
  query.sort();
  const request = [
    method,
    url.pathname,
    String(query),
    `host:${url.host}\n`,
    'host',
    'UNSIGNED-PAYLOAD',
  ];
  const hash = createHash('sha256').update(request.join('\n')).digest('hex');
  return ['GOOG4-RSA-SHA256', '20260102T030405Z', '20260102/auto/storage/goog4_request', hash].join(
    '\n',
  );
}

async function signed(method: 'GET' | 'HEAD'): Promise<URL> {
  const url = await signUrl(signer, { ...options, method });
  if (url === undefined) throw new Error('there is no URL');
  return url;
}

describe('a signed URL', () => {
  it('names the object, the account and twenty minutes', async () => {
    const url = await signed('GET');
    expect(url.href.split('?')[0]).toBe(
      'https://storage.googleapis.com/images/root/docker/a-b.c/data',
    );
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      'X-Goog-Algorithm': 'GOOG4-RSA-SHA256',
      'X-Goog-Credential': `${CREDENTIALS.client_email}/20260102/auto/storage/goog4_request`,
      'X-Goog-Date': '20260102T030405Z',
      'X-Goog-Expires': '1200',
      'X-Goog-SignedHeaders': 'host',
    });
  });

  for (const method of ['GET', 'HEAD'] as const) {
    it(`has a signature that holds for ${method}`, async () => {
      const url = await signed(method);
      const signature = Buffer.from(url.searchParams.get('X-Goog-Signature') ?? '', 'hex');
      const holds = (text: string) =>
        verify('RSA-SHA256', Buffer.from(text), PUBLIC_KEY, signature);
      expect(holds(signedText(url, method))).toBe(true);
      expect(holds(signedText(url, method === 'GET' ? 'HEAD' : 'GET'))).toBe(false);
    });
  }

  it('is not made in the name of nobody', async () => {
    const nobody = { ...signer, accountOf: async () => undefined };
    expect(await signUrl(nobody, { ...options, method: 'GET' })).toBeUndefined();
  });

  it('has what the service signs percent-encoded in its path', async () => {
    const url = await signUrl(signer, { ...options, key: "a (1)/b*c'd!/ü~", method: 'GET' });
    expect(url?.pathname).toBe('/images/a%20%281%29/b%2Ac%27d%21/%C3%BC~');
  });
});
