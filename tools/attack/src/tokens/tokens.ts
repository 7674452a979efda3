import { tmpdir } from 'node:os';
import { CertificateAuthority } from '@purser/external-programs';
import { purser, readCommandLine, Sandbox, withSettings } from '@purser/registry-under-test';
import { measureRequest } from '../dear-requests/measure-request.ts';
import { fail, say, type Scenario } from '../scenario.ts';
import { makeHostileToken } from './hostile-token.ts';

const usage = `Sends tokens that bring six certificates of their own, whose keys are slow to verify with.

  npm run attack -- tokens [options]

  --bound <ms>    processor time of one request at most; default 5
  --repeats <n>   times that each request is sent again; default 50
  --built         runs what npm run build made

Exit status 1 when a request costs more than the bound. Needs openssl.
`;

const NAME = 'authority';

/** A token must cost the server little before its signer is known. */
export const tokens: Scenario = {
  summary: 'tokens with certificates that are slow to verify',
  async run(parameters) {
    const defaults = { bound: 5, repeats: 50, built: false };
    const options = readCommandLine(usage, defaults, parameters);
    if (options === undefined) return;
    await using sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-attack-' });
    const { certificate } = await CertificateAuthority.create(sandbox.folder, NAME);
    const token = {
      realm: 'http://127.0.0.1:9/token',
      service: 'registry',
      issuer: 'issuer',
      rootcertbundle: certificate,
    };
    const settings = { REGISTRY_AUTH: JSON.stringify({ token }) };
    const program = withSettings(purser({ isBuilt: options.built }), settings);
    const registry = await sandbox.start(program, { root: 'root' });
    const hostile = await makeHostileToken(sandbox.folder, NAME);
    for (const [name, credentials] of [
      ['a token of the same length that is none', `a.${'b'.repeat(hostile.length - 4)}.c`],
      ['a token with six slow certificates', hostile],
    ] as const) {
      const headers = { authorization: `Bearer ${credentials}` };
      const request = { name, method: 'GET', path: '/v2/', headers };
      const { status, again = 0 } = await measureRequest(registry, request, options.repeats);
      say(`${again.toFixed(1).padStart(8)} ms  ${status}  ${name}`);
      if (status !== 401) fail(`${name} is answered with ${status}; expected 401`);
      if (again > options.bound) {
        fail(`${name} costs ${again.toFixed(1)} ms; bound: ${options.bound} ms`);
      }
    }
    await registry.stop();
  },
};
