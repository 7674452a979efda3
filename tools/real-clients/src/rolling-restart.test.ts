import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, needPrograms, type SystemProgram } from '@purser/external-programs';
import { purser, RegistryProcess, Sandbox } from '@purser/registry-under-test';
import { describe, expect, it } from 'vitest';
import { startHaproxy, startNginx, startNginxWithKeepalive, type Balancer } from './balancers.ts';
import { RestartLoad } from './restart-load.ts';

const BALANCERS: readonly (readonly [string, Balancer | undefined, readonly SystemProgram[]])[] = [
  ['clients that know each of them', undefined, []],
  ['nginx', startNginx, ['nginx']],
  ['nginx with kept connections', startNginxWithKeepalive, ['nginx']],
  ['HAProxy', startHaproxy, ['haproxy']],
];

/** A process that has been told to end accepts for so long. */
const DELAY = '3s';

async function startRegistries(folder: string, ports: readonly number[]) {
  const start = (port: number) =>
    RegistryProcess.start(purser(), {
      rootDirectory: join(folder, 'root'),
      configPath: join(folder, `${port}.yml`),
      port,
      environment: { REGISTRY_HTTP_DRAINDELAY: DELAY },
    });
  const registries = await Promise.all(ports.map(start));
  return {
    /** Ends each by SIGTERM and starts it again, one after the other. */
    async restartEach() {
      for (const [index, port] of ports.entries()) {
        await registries[index]!.stop();
        registries[index] = await start(port);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(registries.map((registry) => registry.kill()));
    },
  };
}

describe.each(BALANCERS)('a rolling restart behind %s', (_title, startBalancer, programs) => {
  const need = needPrograms(...programs);

  it.skipIf(need.isUnmet)(`of three processes fails no request${need.note}`, async () => {
    await using sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-rolling-' });
    const { folder } = sandbox;
    await mkdir(join(folder, 'root'));
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const port = await freePort();
    await using registries = await startRegistries(folder, ports);
    await using _balancer = await startBalancer?.({ folder, port, ports });
    const load = new RestartLoad(startBalancer === undefined ? ports : [port], 8);
    await registries.restartEach();
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.requests).toBeGreaterThan(100);
    expect(load.resets).toBeLessThan(load.requests / 100);
  });
});
