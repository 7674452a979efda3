import { digestOf, RegistryError } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { errorOf, headersOf } from './fixtures/answers.ts';
import { pushImage } from './fixtures/push-image.ts';
import { scriptedAccess } from './fixtures/scripted-access.ts';
import { serve } from './fixtures/serve.ts';
import type { WriteGate } from './write-gate.ts';

/** A gate that a test opens and shuts. */
function switchableGate() {
  const state = { refusal: undefined as RegistryError | undefined, running: 0, entered: 0 };
  const gate: WriteGate = {
    get refusal() {
      return state.refusal;
    },
    enter() {
      state.running++;
      state.entered++;
      return { [Symbol.dispose]: () => void state.running-- };
    },
  };
  return { gate, state };
}

const DIGEST = digestOf(Buffer.from('a'));
const UPLOAD = '/v2/a/blobs/uploads/00000000-0000-4000-8000-000000000000';

const WRITES = [
  ['PUT', '/v2/a/manifests/latest', 'GET, HEAD'],
  ['DELETE', '/v2/a/manifests/latest', 'GET, HEAD'],
  ['DELETE', `/v2/a/blobs/${DIGEST}`, 'GET, HEAD'],
  ['POST', '/v2/a/blobs/uploads/', 'GET, HEAD'],
  ['POST', `/v2/a/blobs/uploads/?mount=${DIGEST}&from=b`, 'GET, HEAD'],
  ['PATCH', UPLOAD, 'GET, HEAD'],
  ['PUT', `${UPLOAD}?digest=${DIGEST}`, 'GET, HEAD'],
  ['DELETE', UPLOAD, 'GET, HEAD'],
  ['DELETE', '/v2/a/', ''],
] as const;

describe('a registry that is shut for writes', () => {
  it.each(WRITES)('refuses %s %s and names what is left', async (method, path, allow) => {
    const { gate, state } = switchableGate();
    state.refusal = new RegistryError('UNSUPPORTED', { message: 'read-only' });
    await using server = await serve({ writes: gate });
    const response = await fetch(server.url + path, { method });
    expect(headersOf(response, 'allow', 'retry-after')).toEqual({ allow, 'retry-after': null });
    expect(await errorOf(response)).toEqual({ status: 405, code: 'UNSUPPORTED' });
    expect(state.entered).toBe(0);
  });

  it('says when to come back, if it can', async () => {
    const { gate, state } = switchableGate();
    state.refusal = new RegistryError('UNAVAILABLE', { retryAfterSeconds: 600 });
    await using server = await serve({ writes: gate });
    const response = await fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    expect(headersOf(response, 'retry-after')).toEqual({ 'retry-after': '600' });
    expect(await errorOf(response)).toEqual({ status: 503, code: 'UNAVAILABLE' });
  });

  it('serves what there is, and tells by OPTIONS what it takes', async () => {
    const { gate, state } = switchableGate();
    await using server = await serve({ writes: gate });
    await pushImage(server.repository('a'));
    const optionsOf = async () => {
      const response = await fetch(`${server.url}/v2/a/manifests/latest`, { method: 'OPTIONS' });
      return response.headers.get('allow');
    };
    expect(await optionsOf()).toBe('DELETE, GET, HEAD, PUT');
    state.refusal = new RegistryError('UNSUPPORTED');
    expect(await optionsOf()).toBe('GET, HEAD');
    for (const path of ['/v2/', '/v2/_catalog', '/v2/a/tags/list', '/v2/a/manifests/latest']) {
      expect((await fetch(server.url + path)).status).toBe(200);
    }
  });

  it('asks who it is first', async () => {
    const { gate, state } = switchableGate();
    state.refusal = new RegistryError('UNSUPPORTED');
    await using server = await serve({ writes: gate, access: scriptedAccess({ rights: [] }) });
    const response = await fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    expect(response.status).toBe(401);
  });
});

describe('a write that was let in', () => {
  it('is over when its request is, however that went', async () => {
    const { gate, state } = switchableGate();
    await using server = await serve({ writes: gate });
    await fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    await fetch(`${server.url}/v2/a/manifests/latest`, { method: 'PUT', body: 'no manifest' });
    await fetch(`${server.url}/v2/a/tags/list`);
    expect(state).toMatchObject({ entered: 2, running: 0 });
  });
});
