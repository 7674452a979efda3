/**
 * The cipher suites that distribution takes, by Go's names, with OpenSSL's. Of those with 3DES there is none in the
 * OpenSSL of Node.js.
 */
const SUITES: Readonly<Record<string, string>> = {
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
};

/** Those of TLS 1.3, which have one name, and are always offered: in Go they cannot be chosen either. */
const SUITES_OF_TLS_1_3 = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
];

export const CIPHER_SUITES: readonly string[] = [...Object.keys(SUITES), ...SUITES_OF_TLS_1_3];

/** Distribution's: forward secrecy and authenticated encryption only. */
export const DEFAULT_CIPHER_SUITES: readonly string[] = CIPHER_SUITES.filter((name) =>
  /_ECDHE_.*(?:_GCM_|_POLY1305_)/.test(name),
);

/** The list that OpenSSL takes, with all suites of TLS 1.3 in front. */
export function openSslCiphers(names: readonly string[]): string {
  const older = names.map((name) => SUITES[name]).filter((name) => name !== undefined);
  return [...SUITES_OF_TLS_1_3, ...older].join(':');
}
