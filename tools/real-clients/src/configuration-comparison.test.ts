import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needPrograms } from '@purser/external-programs';
import {
  dockerRegistry,
  purser,
  RegistryClient,
  Sandbox,
  withSettings,
  type RegistryProgram,
} from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIGURATION_DIFFERENCES, differenceAt } from './configuration-differences.ts';
import { exercise, pushImage } from './configuration-requests.ts';
import {
  COMPARED_NAMES,
  createConfigurations,
  textOf,
  type ComparedConfiguration,
  type Surroundings,
} from './configurations.ts';
import type { SaidOf } from './said-of.ts';

const programs = needPrograms('docker-registry', 'openssl');

/** By who asked and what: `nobody: the catalog`. */
type Outcomes = Readonly<Record<string, SaidOf>>;

describe.skipIf(programs.isUnmet)(
  `Purser and distribution with the same configuration${programs.note}`,
  () => {
    let sandbox: Sandbox;
    let surroundings: Surroundings;
    const differing = new Set<object>();

    beforeAll(async () => {
      sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-configuration-' });
      const upstream = await sandbox.start(dockerRegistry(), { root: 'upstream' });
      const client = new RegistryClient({ ports: [upstream.port] });
      await pushImage(client);
      client.close();
      surroundings = await createConfigurations(
        sandbox.folder,
        `http://127.0.0.1:${upstream.port}`,
      );
    });

    afterAll(async () => {
      await surroundings[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    });

    it.each(COMPARED_NAMES)(
      'answer the same requests alike: %s, but for what is declared',
      async (name) => {
        const configuration = surroundings.configurations.find((each) => each.name === name)!;
        const [theirs, ours] = await Promise.all([
          outcomesOf(sandbox, dockerRegistry(), configuration),
          outcomesOf(sandbox, purser(), configuration),
        ]);
        expect(Object.keys(theirs).length).toBeGreaterThan(25);
        const [expected, compared] = [{ ...theirs }, { ...ours }];
        for (const key of differingKeys(theirs, ours)) {
          const difference = differenceAt(name, key.replace(/^[^:]*: /, ''));
          if (difference === undefined) continue;
          differing.add(difference);
          expect([key, theirs[key]]).toMatchObject([key, difference.theirs]);
          expect([key, ours[key]]).toMatchObject([key, difference.ours]);
          delete expected[key];
          delete compared[key];
        }
        expect(compared).toEqual(expected);
      },
    );

    it('differ in each of the ways that are declared', () => {
      const gone = CONFIGURATION_DIFFERENCES.filter((difference) => !differing.has(difference));
      expect(gone).toEqual([]);
    });
  },
);

function differingKeys(theirs: Outcomes, ours: Outcomes): readonly string[] {
  return Object.keys({ ...theirs, ...ours }).filter(
    (key) => JSON.stringify(theirs[key]) !== JSON.stringify(ours[key]),
  );
}

async function untilStatus(client: RegistryClient, status: number): Promise<void> {
  await expect
    .poll(async () => (await client.request({ method: 'GET', path: '/v2/' })).status, {
      timeout: 30_000,
    })
    .toBe(status);
}

async function outcomesOf(
  sandbox: Sandbox,
  program: RegistryProgram,
  configuration: ComparedConfiguration,
): Promise<Outcomes> {
  const { callers = { nobody: undefined }, prefix = '', environment = {} } = configuration;
  const { pushesUrls = false, storesLater = false, from } = configuration;
  const root = `${program.name}-${configuration.name}`.replaceAll(/\W+/g, '-');
  // One of them makes no directory when it is to write nothing.
  await mkdir(join(sandbox.folder, root));
  const registry = await sandbox.start(withSettings(program, environment), {
    root,
    configure: (place) => textOf(configuration, place),
  });
  const client = new RegistryClient({ ports: [registry.port] });
  const outcomes: Record<string, SaidOf> = {};
  try {
    if (from !== undefined) await untilStatus(client, from);
    for (const [name, authorization] of Object.entries(callers)) {
      const caller = {
        client,
        port: registry.port,
        prefix,
        authorization,
        pushesUrls,
        storesLater,
      };
      for (const [asked, answer] of Object.entries(await exercise(caller))) {
        outcomes[`${name}: ${asked}`] = answer;
      }
    }
    return outcomes;
  } finally {
    client.close();
    await registry.stop();
  }
}
