import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { policyRule } from './auth-section.ts';
import { variableFor } from './environment.ts';
import { fileCheck, httpCheck, tcpCheck } from './health-section.ts';
import { listKeys } from './keys.ts';
import { parseConfig } from './load.ts';
import { endpoint } from './notifications-section.ts';
import { upstream } from './proxy-section.ts';
import { configSchema } from './schema.ts';
import { UNSERVED_SECTIONS } from './unserved.ts';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

/** The rows of a section's tables, by their cells, without backticks and links. */
async function rowsBelow(heading: string): Promise<string[][]> {
  const document = await read('../../../../docs/configuration.md');
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  return [...section!.matchAll(/^\| `.*$/gm)].map(([row]) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) =>
        cell
          .trim()
          .replaceAll('`', '')
          .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'),
      ),
  );
}

/** The items of lists have tables of their own. */
const LISTS: Readonly<Record<string, string>> = {
  'auth.htpasswd.policy[]': 'Access policy',
  'health.file[]': 'Files that close the registry',
  'health.http[]': 'Health checks by HTTP',
  'health.tcp[]': 'Health checks by TCP',
  'middleware.storage[]': 'Middleware of the storage',
  'notifications.endpoints[]': 'Endpoints of notifications',
  'proxy.upstreams[]': 'Further upstreams of the proxy',
  'validation.manifests.indexes.platformlist[]': 'Platforms of indexes',
};

/** What the tables say about every key: the last cell of its row. */
async function documentedMeanings(): Promise<Record<string, string>> {
  const meanings: Record<string, string> = {};
  for (const [prefix, heading] of [['', 'Keys'], ...Object.entries(LISTS)] as const) {
    for (const row of await rowsBelow(heading)) {
      const meaning = row.at(-1)!;
      if (meaning !== '') meanings[prefix === '' ? row[0]! : `${prefix}.${row[0]}`] = meaning;
    }
  }
  return meanings;
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

  it('has a row for every key of the checks of health, in their order', async () => {
    for (const [kind, check] of Object.entries({
      file: fileCheck,
      http: httpCheck,
      tcp: tcpCheck,
    })) {
      const documented = await rowsBelow(LISTS[`health.${kind}[]`]!);
      expect(documented.map(([key]) => key)).toEqual(listKeys(check));
    }
  });

  it('has a row for every key of a further upstream, in their order', async () => {
    const documented = await rowsBelow('Further upstreams of the proxy');
    expect(documented.map(([key]) => key)).toEqual(listKeys(upstream));
  });

  it('has a row for every section that is not applied, and says why, or that it is refused', async () => {
    const documented = await rowsBelow('Sections of distribution that this version does not apply');
    expect(documented.map(([section]) => section)).toEqual([...UNSERVED_SECTIONS.keys()]);
    const said = documented.map(([, verdict]) => verdict!.replace(/^refused.*$/, 'refused'));
    expect(said).toEqual(
      [...UNSERVED_SECTIONS.values()].map(({ reason, refuse }) =>
        refuse === undefined ? `warning: ${reason}` : 'refused',
      ),
    );
  });
});

describe('descriptions.json', () => {
  it('has what the tables say: npx vitest run apps/registry/src/config -u writes it', async () => {
    const text = `${JSON.stringify(await documentedMeanings(), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot('descriptions.json');
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
