import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseConfig } from './load.ts';

const DEPLOY = new URL('../../../../deploy/', import.meta.url);
const read = (path: string) => readFile(new URL(path, DEPLOY), 'utf8');

interface Manifest {
  readonly kind: string;
  readonly metadata?: { readonly name: string };
  // Each test looks at its own part.
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

async function manifestOf(kind: string): Promise<Manifest> {
  const files = (await readdir(new URL('kubernetes/', DEPLOY))).filter((file) =>
    file.endsWith('.yaml'),
  );
  const texts = await Promise.all(files.map((file) => read(`kubernetes/${file}`)));
  const documents = texts.flatMap((text) => parseAllDocuments(text));
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  const manifests = documents.map((document) => document.toJS() as Manifest);
  const found = manifests.filter((manifest) => manifest.kind === kind);
  expect(found).toHaveLength(1);
  return found[0]!;
}

async function configInCluster() {
  const { data } = await manifestOf('ConfigMap');
  return parseConfig(data!['config.yml']!);
}

interface Deployment {
  readonly template: {
    readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
    readonly spec: {
      readonly terminationGracePeriodSeconds: number;
      readonly volumes: readonly { readonly name: string; readonly secret?: unknown }[];
      readonly containers: readonly [
        {
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
          readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
          readonly livenessProbe: Probe;
          readonly readinessProbe: Probe;
          readonly startupProbe: Probe;
        },
      ];
    };
  };
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

async function deployment(): Promise<Deployment['template']> {
  const { spec } = await manifestOf('Deployment');
  return (spec as Deployment).template;
}

describe('the manifests for Kubernetes', () => {
  it('hold a configuration that is applied whole', async () => {
    expect((await configInCluster()).warnings).toEqual([]);
  });

  it('give a pod the time that its requests are given, and the time until none come', async () => {
    const { config } = await configInCluster();
    const { terminationGracePeriodSeconds } = (await deployment()).spec;
    expect(terminationGracePeriodSeconds).toBeGreaterThan(config.http.draintimeout / 1000);
    expect(config.http.draindelay).toBeGreaterThanOrEqual(5_000);
  });

  it('look for the server where the configuration puts it', async () => {
    const { config } = await configInCluster();
    const { metadata, spec } = await deployment();
    const [container] = spec.containers;
    const ports = Object.fromEntries(
      container.ports.map((port) => [port.name, port.containerPort]),
    );
    expect(config.http.listen).toMatchObject({ port: ports['registry'] });
    expect(config.http.debug.listen).toMatchObject({ port: ports['debug'] });
    expect(metadata.annotations).toMatchObject({
      'prometheus.io/port': String(ports['debug']),
      'prometheus.io/path': config.http.debug.prometheus.path,
    });
    expect(container.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'registry' });
    expect(container.startupProbe.httpGet).toEqual({ path: '/livez', port: 'registry' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'registry' });
    const { spec: service } = await manifestOf('Service');
    expect(service).toMatchObject({ ports: [{ port: 5000, targetPort: 'registry' }] });
  });

  it('mount what the configuration names', async () => {
    const { config } = await configInCluster();
    const mounts = (await deployment()).spec.containers[0].volumeMounts;
    const paths = mounts.map(({ mountPath }) => mountPath);
    expect(config.storage.driver).toMatchObject({ name: 'filesystem', rootdirectory: paths[0] });
    expect(paths).toContain('/etc/distribution');
  });
});

describe('deletion without a login', () => {
  it('is not possible with the manifests for Kubernetes, whose users are in a Secret', async () => {
    const { config } = await configInCluster();
    const { containers, volumes } = (await deployment()).spec;
    if (config.auth.kind !== 'htpasswd') throw new Error('expected users');
    const { path } = config.auth;
    const mount = containers[0].volumeMounts.find(({ mountPath }) => dirname(path) === mountPath);
    const volume = volumes.find(({ name }) => name === mount?.name);
    expect(volume?.secret).toEqual({ secretName: 'purser-users', defaultMode: 0o440 });
    const [, file] = /--from-file=(\S+)=/.exec(await read('README.md'))!;
    expect(basename(path)).toBe(file);
  });

  it('is possible with no configuration that is shipped', async () => {
    const image = parseConfig(await read('docker/config.yml'));
    const example = parseConfig(await read('../apps/registry/config.example.yml'));
    for (const { config } of [await configInCluster(), image, example]) {
      expect(config.storage.delete.enabled && config.auth.kind === 'none').toBe(false);
    }
  });
});

describe('the image', () => {
  it('has a configuration that is applied whole, and that serves what the Dockerfile says', async () => {
    const { config, warnings } = parseConfig(await read('docker/config.yml'));
    expect(warnings).toEqual([]);
    const dockerfile = await read('docker/Dockerfile');
    expect(dockerfile).toContain(`EXPOSE ${(config.http.listen as { port: number }).port}\n`);
    const { driver } = config.storage;
    expect(driver.name === 'filesystem' && driver.rootdirectory).toBe('/var/lib/registry');
    expect(dockerfile).toContain('VOLUME ["/var/lib/registry"]\n');
    expect(dockerfile).toContain('CMD ["serve", "/etc/distribution/config.yml"]\n');
  });

  it("has the command and the configuration at the paths of distribution's images", async () => {
    const dockerfile = await read('docker/Dockerfile');
    for (const path of [
      '/bin/registry',
      '/usr/local/bin/registry',
      '/etc/distribution/config.yml',
      '/etc/docker/registry/config.yml',
    ]) {
      expect(dockerfile).toMatch(new RegExp(`^(?:RUN|COPY|  &&) .* ${path}(?: \\\\)?$`, 'm'));
    }
  });
});

describe('the unit for systemd', () => {
  const settingsOf = async () => {
    const unit = await read('systemd/purser.service');
    const lines = [...unit.matchAll(/^([A-Za-z]+)=(.*)$/gm)];
    return (name: string) => lines.filter(([, key]) => key === name).map(([, , value]) => value!);
  };
  const example = async () => parseConfig(await read('../apps/registry/config.example.yml')).config;

  it('waits longer for the end than requests may take', async () => {
    const [seconds] = (await settingsOf())('TimeoutStopSec');
    const { config } = parseConfig('version: 0.1\nstorage: { filesystem: {} }');
    expect(Number.parseInt(seconds!, 10)).toBeGreaterThan(config.http.draintimeout / 1000);
  });

  it('starts the command wherever npm installs it', async () => {
    const settings = await settingsOf();
    expect(settings('ExecStart')).toEqual(['/usr/bin/env purser serve /etc/purser/config.yml']);
    expect(settings('Documentation').join()).not.toContain('node_modules');
  });

  it('has nothing that the commands of operators would not know', async () => {
    const settings = await settingsOf();
    expect(settings('Environment')).toEqual([]);
    expect(settings('DynamicUser')).toEqual([]);
    const { driver } = (await example()).storage;
    const [directory] = settings('StateDirectory');
    expect(driver).toMatchObject({ name: 'filesystem', rootdirectory: `/var/lib/${directory}` });
  });

  it('agrees with its recipe on the user, the configuration and the directory', async () => {
    const settings = await settingsOf();
    const [user] = settings('User');
    const [config] = /\/etc\S+/.exec(settings('ExecStart').join())!;
    const [, recipe] = /## A machine with systemd\n([^]*?)\n## /.exec(await read('README.md'))!;
    expect(recipe).toMatch(
      new RegExp(
        `^useradd --system --home-dir /var/lib/${settings('StateDirectory').join()} .* ${user}$`,
        'm',
      ),
    );
    expect(recipe).toContain(`-g ${user} apps/registry/config.example.yml ${config}\n`);
    const commands = [...recipe!.matchAll(/^runuser -u (\S+) -- purser .* (\S+)$/gm)];
    expect(commands.length).toBeGreaterThan(0);
    for (const [, as, path] of commands) expect([as, path]).toEqual([user, config]);
  });
});
