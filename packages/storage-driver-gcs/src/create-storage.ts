import { createSign } from 'node:crypto';
import { Storage } from '@google-cloud/storage';
import { JWT } from 'google-auth-library';
import type { ResolvedOptions } from './options.ts';
import type { UrlSigner } from './signed-url.ts';

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';

/** The client library, and what signs URLs; `undefined` for an emulator without a key. */
export interface StorageAccess {
  readonly storage: Storage;
  readonly signer: UrlSigner | undefined;
}

/**
 * The client library, told to do nothing twice: its own retries switch themselves off, and do not know which request may
 * be repeated.
 */
export function createStorage(options: ResolvedOptions): StorageAccess {
  const { userAgent, endpoint, isEmulator } = options;
  const account = createServiceAccount(options);
  const storage = new Storage({
    apiEndpoint: endpoint,
    useAuthWithCustomEndpoint: !isEmulator,
    retryOptions: { autoRetry: false, maxRetries: 0, retryableErrorFn: () => false },
    ...(isEmulator ? { projectId: 'emulator' } : {}),
    ...(account === undefined ? {} : { authClient: account }),
    ...(userAgent === undefined ? {} : { userAgent }),
  });
  if (account !== undefined) return { storage, signer: createKeySigner(account) };
  return { storage, signer: isEmulator ? undefined : createDefaultSigner(storage) };
}

/** A client with the key that was given; nothing is read before it is needed. */
function createServiceAccount({ keyFile, credentials }: ResolvedOptions): JWT | undefined {
  if (keyFile !== undefined) return new JWT({ keyFile, scopes: [SCOPE] });
  if (credentials === undefined) return undefined;
  const { client_email: email, private_key: key } = credentials;
  return new JWT({ email, key, scopes: [SCOPE] });
}

function createKeySigner(account: JWT): UrlSigner {
  return {
    accountOf: async () => (await account.getCredentials()).client_email,
    async sign(text) {
      const { private_key: key = '' } = await account.getCredentials();
      return createSign('RSA-SHA256').update(text).sign(key);
    },
  };
}

/** With application default credentials: by their key, or by a call of the IAM service where they have none. */
function createDefaultSigner({ authClient }: Storage): UrlSigner {
  return {
    accountOf: async () => (await authClient.getCredentials()).client_email,
    sign: async (text) => Buffer.from(await authClient.sign(text), 'base64'),
  };
}
