import { describe, expect, it } from 'vitest';
import { sampleIndex } from '@purser/core/testing';
import { envelopeOf } from '../fixtures/answers.ts';
import { CONTENT, DIGEST, patch } from '../fixtures/upload-requests.ts';
import { INDEX, manifestOf, RepositoryClient } from './fixtures/repository-client.ts';

/** OCI distribution-spec, "Error Codes". */
const CODES = new Set([
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DENIED',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'SIZE_INVALID',
  'TOOMANYREQUESTS',
  'UNAUTHORIZED',
  'UNSUPPORTED',
]);

/** Requests that fail in as many ways as there are, with the status of each. */
async function failures(client: RepositoryClient): Promise<readonly [number, Response][]> {
  const location = await client.startUpload();
  const absent = { mediaType: INDEX, digest: DIGEST, size: 1 };
  return [
    [400, await client.in('UPPER').get('tags/list')],
    [400, await client.get('tags/list?n=x')],
    [400, await client.get('blobs/sha256:00')],
    [400, await client.put('latest', manifestOf(INDEX, {}))],
    [400, await client.put('latest', sampleIndex([absent]))],
    [400, await patch(location, CONTENT, 'bytes 0-999')],
    [400, await patch(location, CONTENT, '0-1')],
    [404, await client.get('unknown')],
    [404, await client.get(`blobs/${DIGEST}`)],
    [404, await client.get('manifests/latest')],
    [404, await client.get('blobs/uploads/x')],
    [404, await client.in('a/c').get('tags/list')],
    [405, await client.send('POST', 'tags/list')],
    [412, await client.put('latest', sampleIndex([]), { 'If-Match': '*' })],
    [413, await client.put('latest', { mediaType: INDEX, payload: Buffer.alloc(5_000_000) })],
    [414, await client.put(`${DIGEST}?${tagParameters(101)}`, sampleIndex([]))],
    [416, await patch(location, CONTENT.subarray(0, 2), '5-6')],
  ];
}

function tagParameters(count: number): string {
  return Array.from({ length: count }, (_, index) => `tag=t${index}`).join('&');
}

describe('Errors and warnings', () => {
  it('E-1 answers every failure of a client with a body of JSON', async () => {
    await using client = await RepositoryClient.serve();
    for (const [status, response] of await failures(client)) {
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0);
    }
    expect(client.server.failures).toEqual([]);
  });

  it('E-2 answers with a list of errors whose codes are those of the specification', async () => {
    await using client = await RepositoryClient.serve();
    for (const [, response] of await failures(client)) {
      const errors = await envelopeOf(response);
      expect(errors.length).toBeGreaterThan(0);
      for (const { code, message, ...rest } of errors) {
        expect(CODES).toContain(code);
        expect(typeof message).toBe('string');
        expect(['', 'detail']).toContain(Object.keys(rest).join());
      }
    }
  });

  it('W-1 warns of an artifact that nobody can tell the type of, and takes it', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage({ configType: EMPTY_CONFIG });
    const response = await client.put('latest', manifest);
    expect(response.status).toBe(201);
    expect(response.headers.get('warning')).toContain('artifactType');
    expect((await client.get('manifests/latest')).headers.get('warning')).toBeNull();
  });

  it('W-2 warns with code 299, no agent and a quoted text, after what its operator configured', async () => {
    const Warning = ['299 - "read-only from Monday"'];
    await using client = await RepositoryClient.serve({ headers: { Warning } });
    await client.pushImage(['latest']);
    expect((await client.get('manifests/latest')).headers.get('warning')).toBe(Warning[0]);
    const manifest = await client.prepareImage({ configType: EMPTY_CONFIG });
    const warnings = (await client.put('empty', manifest)).headers.get('warning');
    expect(warnings).toMatch(/^299 - "read-only from Monday", 299 - "[ !#-~]+"$/);
  });

  it('W-3 leaves a warning out that would make more than 4096 bytes', async () => {
    const Warning = [`299 - "${'x'.repeat(4050)}"`];
    await using client = await RepositoryClient.serve({ headers: { Warning } });
    const manifest = await client.prepareImage({ configType: EMPTY_CONFIG });
    const response = await client.put('latest', manifest);
    expect(response.status).toBe(201);
    expect(response.headers.get('warning')).toBe(Warning[0]);
  });
});

const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json';
