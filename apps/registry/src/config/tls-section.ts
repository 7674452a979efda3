import { z } from 'zod';
import { CIPHER_SUITES } from './cipher-suites.ts';
import { isSection, section, text } from './values.ts';

const pemFile = () => text('the path of a PEM file').optional();

const clientAuth = z.enum(
  [
    'request-client-cert',
    'require-any-client-cert',
    'verify-client-cert-if-given',
    'require-and-verify-client-cert',
  ],
  {
    error:
      'request-client-cert, require-any-client-cert, verify-client-cert-if-given or require-and-verify-client-cert',
  },
);

const cipherSuite = text().refine((name) => CIPHER_SUITES.includes(name), {
  error: `one of ${CIPHER_SUITES.join(', ')}`,
});

/** The server speaks TLS when there is a certificate. */
export const tls = section({
  /** The certificate of the server, followed by those that lead to one that clients trust. */
  certificate: pemFile(),
  key: pemFile(),
  /** Files of certificates that sign those of clients. Clients are asked for one when there are any. */
  clientcas: z.array(text(), { error: 'a list of paths' }).default([]),
  /** What is asked of clients when there are `clientcas`. */
  clientauth: clientAuth.default('require-and-verify-client-cert'),
  minimumtls: z.enum(['tls1.2', 'tls1.3'], { error: 'tls1.2 or tls1.3' }).default('tls1.2'),
  /** By Go's names. Only for TLS 1.2. */
  ciphersuites: z.array(cipherSuite, { error: 'a list of names' }).default([]),
})
  .refine(({ certificate, key }) => certificate === undefined || key !== undefined, {
    path: ['key'],
    error: 'the path of the key of http.tls.certificate',
    when: isSection,
  })
  .refine(
    // In the clear would be served what was meant to be protected.
    ({ certificate, key, clientcas }) =>
      certificate !== undefined || (key === undefined && clientcas.length === 0),
    {
      path: ['certificate'],
      error: 'the path of a certificate, since there is a key, or there are clientcas',
      when: isSection,
    },
  )
  .transform(({ certificate, key, ...rest }) =>
    certificate === undefined ? undefined : { ...rest, certificate, key: key! },
  );
