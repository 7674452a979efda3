import { describe, expect, it } from 'vitest';
import { createConfig } from '../../config/load.ts';
import { startRegistry, type StartRegistryOptions } from '../../start-registry.ts';

const UI = 'https://ui.example.org';
const MANIFEST = '/v2/a/manifests/latest';

/** Asks as a browser does before a page deletes something with a login. */
const preflight = (url: string, origin = UI) =>
  fetch(url + MANIFEST, {
    method: 'OPTIONS',
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'DELETE',
      'Access-Control-Request-Headers': 'authorization',
    },
  });
const allowed = ({ headers }: Response, ...names: readonly string[]) =>
  names.map((name) => headers.get(`access-control-${name}`));

const guarded: StartRegistryOptions = { auth: { silly: { realm: 'r', service: 's' } } };

describe('a page of another host', () => {
  it('is let in step by step as a browser asks, with access control', async () => {
    const cors = { origins: [UI], allowcredentials: true };
    await using registry = await startRegistry({ ...guarded, http: { cors } });

    const asked = await preflight(registry.url);
    expect(asked.status).toBe(204);
    expect(allowed(asked, 'allow-origin', 'allow-credentials', 'allow-headers', 'max-age')).toEqual(
      [UI, 'true', 'authorization', '600'],
    );
    expect(allowed(asked, 'allow-methods')[0]).toContain('DELETE');

    const refused = await fetch(registry.url + MANIFEST, { headers: { Origin: UI } });
    expect(refused.status).toBe(401);
    expect(allowed(refused, 'allow-origin', 'allow-credentials')).toEqual([UI, 'true']);
    expect(allowed(refused, 'expose-headers')[0]).toContain('Www-Authenticate');
    expect(refused.headers.get('vary')).toContain('Origin');

    const headers = { Origin: UI, Authorization: 'silly' };
    const unknown = await fetch(registry.url + MANIFEST, { headers });
    expect(unknown.status).toBe(404);
    expect(allowed(unknown, 'allow-origin')).toEqual([UI]);
  });

  it('is kept out when its origin is not among those that are allowed', async () => {
    await using registry = await startRegistry({ http: { cors: { origins: [UI] } } });
    const asked = await preflight(registry.url, 'https://other.example.org');
    expect(allowed(asked, 'allow-origin', 'allow-methods')).toEqual([null, null]);
    const read = await fetch(`${registry.url}/v2/`, { headers: { Origin: `${UI}.evil.example` } });
    expect(allowed(read, 'allow-origin')).toEqual([null]);
  });

  it('may be any page, without a login that the browser remembers', async () => {
    await using registry = await startRegistry({ http: { cors: { origins: ['*'] } } });
    const read = await fetch(`${registry.url}/v2/`, { headers: { Origin: UI } });
    expect(allowed(read, 'allow-origin', 'allow-credentials')).toEqual(['*', null]);
  });

  it('is let in by http.headers, as operators of distribution write them', async () => {
    const headers = {
      'Access-Control-Allow-Origin': [UI],
      'Access-Control-Allow-Methods': ['HEAD, GET, OPTIONS, DELETE'],
      'Access-Control-Allow-Headers': ['Authorization, Accept'],
    };
    await using registry = await startRegistry({ ...guarded, http: { headers } });
    const asked = await preflight(registry.url);
    expect(asked.status).toBe(200);
    expect(allowed(asked, 'allow-origin', 'allow-headers')).toEqual([UI, 'Authorization, Accept']);
    const refused = await fetch(registry.url + MANIFEST, { headers: { Origin: UI } });
    expect([refused.status, ...allowed(refused, 'allow-origin')]).toEqual([401, UI]);
  });

  it('who asks for the methods without being a browser has to log in', async () => {
    await using registry = await startRegistry(guarded);
    const response = await fetch(registry.url + MANIFEST, { method: 'OPTIONS' });
    expect(response.status).toBe(401);
  });

  it.each([
    [{ origins: ['ui.example.org'] }, 'http.cors.origins.0: expected an origin such as'],
    [{ origins: ['https://ui.example.org/'] }, 'http.cors.origins.0: expected an origin such as'],
    [
      { origins: ['*'], allowcredentials: true },
      'http.cors.allowcredentials: expected false while every',
    ],
  ])('is not described by %j', (cors, message) => {
    expect(() => createConfig({ http: { cors } })).toThrow(message);
  });
});
