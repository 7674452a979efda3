import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { policyRule } from './auth-section.ts';
import { variableFor } from './environment.ts';
import { listKeys } from './keys.ts';
import { parseConfig } from './load.ts';
import { endpoint } from './notifications-section.ts';
import { upstream } from './proxy-section.ts';
import { configSchema } from './schema.ts';
import { UNSERVED_SECTIONS } from './unserved.ts';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

/** The rows of a section's tables, by their cells, without backticks. */
async function rowsBelow(heading: string): Promise<string[][]> {
  const document = await read('../../../../docs/configuration.md');
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  return [...section!.matchAll(/^\| `.*$/gm)].map(([row]) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

describe('docs/configuration.md', () => {
  it('has a row for every key, and no other', async () => {
    const documented = (await rowsBelow('Keys')).map(([key]) => key);
    expect(new Set(documented)).toEqual(new Set(listKeys(configSchema)));
    expect(documented).toHaveLength(new Set(documented).size);
  });

  it('names the variable of every key', async () => {
    for (const [key, variable] of await rowsBelow('Keys')) {
      expect(variable).toBe(key === 'version' ? '–' : variableFor(key!));
    }
  });

  it('has a row for every key of an endpoint, in their order', async () => {
    const documented = await rowsBelow('Endpoints of notifications');
    expect(documented.map(([key]) => key)).toEqual(listKeys(endpoint));
  });

  it('has a row for every key of a rule of the access policy, in their order', async () => {
    const documented = await rowsBelow('Access policy');
    expect(documented.map(([key]) => key)).toEqual(listKeys(policyRule));
  });

  it('has a row for every key of a further upstream, in their order', async () => {
    const documented = await rowsBelow('Further upstreams of the proxy');
    expect(documented.map(([key]) => key)).toEqual(listKeys(upstream));
  });

  it('has a row for every section that is not applied, and says whether it is refused', async () => {
    const documented = await rowsBelow('Sections of distribution that this version does not apply');
    expect(documented.map(([section]) => section)).toEqual([...UNSERVED_SECTIONS.keys()]);
    for (const [section, verdict] of documented) {
      const isRefused = UNSERVED_SECTIONS.get(section!)!.refuse !== undefined;
      expect([section, verdict!.startsWith('refused')]).toEqual([section, isRefused]);
    }
  });
});

describe('config.example.yml', () => {
  it('loads without a warning', async () => {
    const { config, warnings } = parseConfig(await read('../../config.example.yml'));
    expect(warnings).toEqual([]);
    expect(config.http.listen).toMatchObject({ port: 5000 });
  });

  it('loads with its commented lines, too', async () => {
    const example = await read('../../config.example.yml');
    const full = example.replace(/^( +)# (\w+: \S+)$/gm, '$1$2');
    const { config, warnings } = parseConfig(full);
    expect(warnings).toEqual([]);
    expect(config.http).toMatchObject({ prefix: '/registry', relativeurls: true });
  });
});
