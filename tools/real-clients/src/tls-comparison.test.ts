import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { CertificateAuthority, needPrograms } from '@purser/external-programs';
import {
  dockerRegistry,
  purser,
  Sandbox,
  withSettings,
  type RegistryAnswer,
  type RegistryProgram,
} from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saidOf, type SaidOf } from './said-of.ts';

const programs = needPrograms('docker-registry', 'openssl');

/** What curl is told, by who asks. */
type Clients = Readonly<Record<string, readonly string[]>>;

/** By client, protocol and what was asked; `none` where the connection ends without an answer. */
type Outcomes = Readonly<Record<string, SaidOf | 'none'>>;

const REQUESTS: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/v2/'],
  ['GET', '/v2/team/app/manifests/latest'],
  ['POST', '/v2/team/app/blobs/uploads/'],
];

const PROTOCOLS = ['--http2', '--http1.1'];

/** Of `clientauth`, those that let in whom distribution 2.8 does not: it knows no such key, and takes none but its own. */
const LET_IN: Readonly<Record<string, readonly string[]>> = {
  'request-client-cert': ['nobody', 'a stranger'],
  'require-any-client-cert': ['a stranger'],
  'verify-client-cert-if-given': ['nobody'],
  'require-and-verify-client-cert': [],
};

describe.skipIf(programs.isUnmet)(
  `Purser and distribution with the same certificates${programs.note}`,
  () => {
    let sandbox: Sandbox;
    let clients: Clients;
    let served: Readonly<Record<string, string>>;
    let verified: Readonly<Record<string, string>>;
    let roots = 0;

    beforeAll(async () => {
      sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-tls-comparison-' });
      const authority = await CertificateAuthority.create(sandbox.folder);
      const other = await CertificateAuthority.create(sandbox.folder, 'other');
      const server = await authority.issue({ name: 'server', usage: 'serverAuth' });
      const known = await authority.issue({ name: 'known', usage: 'clientAuth' });
      const strange = await other.issue({ name: 'strange', usage: 'clientAuth' });
      const trusting = ['--cacert', authority.certificate];
      clients = {
        nobody: trusting,
        'a client': [...trusting, '--cert', known.certificate, '--key', known.key],
        'a stranger': [...trusting, '--cert', strange.certificate, '--key', strange.key],
      };
      served = {
        REGISTRY_HTTP_TLS_CERTIFICATE: server.certificate,
        REGISTRY_HTTP_TLS_KEY: server.key,
      };
      verified = { ...served, REGISTRY_HTTP_TLS_CLIENTCAS: `[${authority.certificate}]` };
    });

    afterAll(() => sandbox[Symbol.asyncDispose]());

    async function outcomesOf(
      program: RegistryProgram,
      settings: Readonly<Record<string, string>>,
    ): Promise<Outcomes> {
      const root = `root-${roots++}`;
      const registry = await sandbox.start(withSettings(program, settings), { root });
      const outcomes: Record<string, SaidOf | 'none'> = {};
      for (const [name, words] of Object.entries(clients)) {
        for (const protocol of PROTOCOLS) {
          for (const [method, path] of REQUESTS) {
            const url = `https://127.0.0.1:${registry.port}${path}`;
            const answer = await ask([protocol, ...words, '-X', method, url]);
            outcomes[`${name} ${protocol} ${method} ${path}`] =
              answer === 'none' ? answer : saidOf(answer, { method, path }, registry.port);
          }
        }
      }
      await registry.stop();
      return outcomes;
    }

    const bothOf = (settings: Readonly<Record<string, string>>) =>
      Promise.all([outcomesOf(dockerRegistry(), settings), outcomesOf(purser(), settings)]);

    it('answer everyone alike when they ask for none of clients', async () => {
      const [theirs, ours] = await bothOf(served);
      expect(Object.values(theirs)).not.toContain('none');
      expect(ours).toEqual(theirs);
    });

    it('answer those alike whose certificates they take, and nobody else', async () => {
      const [theirs, ours] = await bothOf(verified);
      expect(Object.values(theirs).filter((said) => said === 'none')).toHaveLength(12);
      expect(ours).toEqual(theirs);
    });

    it.each(Object.entries(LET_IN))(
      'with %s differ in whom distribution 3 would let in as well',
      async (clientauth, letIn) => {
        const settings = { ...verified, REGISTRY_HTTP_TLS_CLIENTAUTH: clientauth };
        const [theirs, ours] = await bothOf(settings);
        const isLetIn = (asked: string) => letIn.some((name) => asked.startsWith(name));
        for (const asked of Object.keys(ours)) {
          // Whoever is let in is told the same as a client that both take.
          const asClient = asked.replace(/^.*?(?= --)/, 'a client');
          const expected = isLetIn(asked)
            ? ['none', theirs[asClient]]
            : [theirs[asked], theirs[asked]];
          expect([asked, theirs[asked], ours[asked]]).toEqual([asked, ...expected]);
        }
      },
    );
  },
);

async function ask(words: readonly string[]): Promise<RegistryAnswer | 'none'> {
  const fixed = ['-sS', '-i', '--max-time', '30'];
  const { stdout } = await promisify(execFile)('curl', [...fixed, ...words]).catch(() => ({
    stdout: '',
  }));
  if (stdout === '') return 'none';
  const [head = '', body = ''] = stdout.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => {
    const [name = '', ...value] = line.split(': ');
    return [name.toLowerCase(), value.join(': ')];
  });
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.from(body),
  };
}
