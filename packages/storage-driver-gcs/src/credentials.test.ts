import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Storage } from '@google-cloud/storage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createStorage } from './create-storage.ts';
import { GcsDriver } from './driver.ts';
import { resolveOptions } from './options.ts';
import { Requests } from './requests.ts';

/** Answers everything, and keeps what it was told of credentials. */
async function listen(): Promise<{ endpoint: string; seen: (string | undefined)[] }> {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function createRequests(endpoint: string, isAuthorised: boolean): Requests {
  const storage = new Storage({ projectId: 'tests' });
  storage.authClient.getRequestHeaders = async () => new Headers({ authorization: 'Bearer token' });
  return new Requests({
    storage,
    endpoint,
    isAuthorised,
    userAgent: undefined,
    maxConcurrency: 25,
    requestTimeoutMs: 1000,
    retry: { maxAttempts: 1, baseDelayMs: 0, maxDelayMs: 0 },
  });
}

describe('credentials', () => {
  it('go to the service, and with no upload session, whose URL is secret enough', async () => {
    const { endpoint, seen } = await listen();
    const requests = createRequests(endpoint, true);
    for (const to of ['/storage/v1/b', `${endpoint}/upload?upload_id=1`]) {
      await (await requests.send({ method: 'GET', to })).body.dump();
    }
    expect(seen).toEqual(['Bearer token', undefined]);
  });

  it('do not go to an emulator', async () => {
    const { endpoint, seen } = await listen();
    await (
      await createRequests(endpoint, false).send({ method: 'GET', to: '/storage/v1/b' })
    ).body.dump();
    expect(seen).toEqual([undefined]);
  });

  it('make no URL where there are none', async () => {
    const driver = new GcsDriver({ bucket: 'images', endpoint: 'http://127.0.0.1:1' });
    expect(await driver.locate('/file', { method: 'GET' })).toBeUndefined();
  });

  it('cannot help a name that is longer than the service takes', async () => {
    const driver = new GcsDriver({ bucket: 'images', endpoint: 'http://127.0.0.1:1' });
    await expect(driver.stat(`/${'n'.repeat(1025)}`)).rejects.toMatchObject({
      code: 'PATH_TOO_LONG',
    });
  });

  it('cannot help a root directory whose name has more bytes than characters', async () => {
    const driver = new GcsDriver({
      bucket: 'images',
      endpoint: 'http://127.0.0.1:1',
      rootDirectory: 'ü'.repeat(500),
    });
    await expect(driver.stat(`/${'n'.repeat(100)}`)).rejects.toMatchObject({
      code: 'PATH_TOO_LONG',
    });
  });

  it('without a key have the IAM service sign', async () => {
    const { storage, signer } = createStorage(resolveOptions({ bucket: 'images' }));
    const email = 'registry@project.iam.gserviceaccount.com';
    const asked: unknown[] = [];
    const answer = { data: { signedBlob: Buffer.from('signature').toString('base64') } };
    // As on a machine of the cloud, whose credentials come from its metadata server.
    Object.assign(storage.authClient, {
      getClient: async () => ({}),
      getUniverseDomain: async () => 'googleapis.com',
      getCredentials: async () => ({ client_email: email }),
      request: async (request: unknown) => (asked.push(request), answer),
    });
    expect(await signer?.accountOf()).toBe(email);
    expect(Buffer.from((await signer?.sign('text')) ?? []).toString()).toBe('signature');
    expect(asked).toEqual([
      expect.objectContaining({
        method: 'POST',
        url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:signBlob`,
        data: { payload: Buffer.from('text').toString('base64') },
      }),
    ]);
  });
});
