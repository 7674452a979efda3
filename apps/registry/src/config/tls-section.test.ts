import { describe, expect, it } from 'vitest';
import { openSslCiphers } from './cipher-suites.ts';
import { createConfig } from './load.ts';

const FILES = { certificate: '/etc/tls.crt', key: '/etc/tls.key' };

describe('http.tls', () => {
  it('is not there without a certificate', () => {
    expect(createConfig().http.tls).toBeUndefined();
    expect(createConfig({ http: { tls: { minimumtls: 'tls1.3' } } }).http.tls).toBeUndefined();
  });

  it('asks clients for certificates of clientcas, by default', () => {
    const { tls } = createConfig({ http: { tls: FILES } }).http;
    const clientauth = 'require-and-verify-client-cert';
    expect(tls).toEqual({
      ...FILES,
      clientauth,
      clientcas: [],
      ciphersuites: [],
      minimumtls: 'tls1.2',
    });
  });

  it('is what the file says', () => {
    const written = {
      ...FILES,
      clientcas: ['/etc/ca.crt'],
      clientauth: 'verify-client-cert-if-given' as const,
      minimumtls: 'tls1.3' as const,
      ciphersuites: ['TLS_AES_128_GCM_SHA256'],
    };
    const { http } = createConfig({ http: { tls: written, http2: { disabled: true } } });
    expect(http.tls).toEqual(written);
    expect(http.http2.disabled).toBe(true);
  });

  it("takes Go's names of cipher suites, and offers those of TLS 1.3 in any case", () => {
    expect(openSslCiphers(['TLS_RSA_WITH_AES_128_CBC_SHA', 'TLS_AES_128_GCM_SHA256'])).toBe(
      'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:AES128-SHA',
    );
  });
});
