import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { listKeys, shapeOf } from './keys.ts';
import { parseConfig } from './load.ts';
import { configSchema } from './schema.ts';
import { UNSERVED_SECTIONS } from './unserved.ts';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

interface Table {
  /** The heading above it, without its number signs. */
  readonly heading: string;
  /** Below `Keys`, 3 for keys of the file and 4 for keys of the items of a list. */
  readonly level: number;
  /** By their cells, without backticks and links. */
  readonly rows: readonly (readonly string[])[];
}

/** The tables of a chapter of the document, one for each heading. */
async function tablesBelow(chapter: string): Promise<readonly Table[]> {
  const document = await read('../../../../docs/configuration.md');
  const text = document.split(/^(?=## )/m).find((part) => part.startsWith(`## ${chapter}\n`));
  return text!.split(/^(?=#+ )/m).map((part) => {
    const [, signs, heading] = /^(#+) (.*)/.exec(part)!;
    const rows = [...part.matchAll(/^\| `.*$/gm)].map(([row]) => cellsOf(row));
    return { heading: plain(heading!), level: signs!.length, rows };
  });
}

function cellsOf(row: string): readonly string[] {
  return row.split('|').slice(1, -1).map(plain);
}

function plain(markdown: string): string {
  return markdown
    .trim()
    .replaceAll('`', '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}

/** The keys of the file, and below the name of their list those of items. */
async function documentedKeys(): Promise<{ readonly file: Table[]; readonly items: Table[] }> {
  const tables = await tablesBelow('Keys');
  const at = (wanted: number) => tables.filter(({ level }) => level === wanted);
  return { file: at(3), items: at(4) };
}

/** What the tables say about every key: the last cell of its row. */
async function documentedMeanings(): Promise<Record<string, string>> {
  const { file, items } = await documentedKeys();
  const rows = [
    ...file.flatMap((table) => table.rows),
    ...items.flatMap(({ heading, rows }) =>
      rows.map(([key, ...cells]) => [`${heading}[].${key}`, ...cells]),
    ),
  ];
  return Object.fromEntries(rows.map((row) => [row[0], row.at(-1)]));
}

/** The lists whose items have keys, by the path of the list. */
function keysOfItems(schema: z.core.$ZodType, path = ''): [string, string[]][] {
  const shape = shapeOf(schema);
  if (shape.kind === 'section') {
    return [...shape.keys].flatMap(([key, child]) =>
      keysOfItems(child, path === '' ? key : `${path}.${key}`),
    );
  }
  if (shape.kind !== 'list' || shapeOf(shape.items).kind !== 'section') return [];
  return [[path, listKeys(shape.items)]];
}

describe('docs/configuration.md', () => {
  it('has a row for every key, and no other', async () => {
    const documented = (await documentedKeys()).file.flatMap(({ rows }) =>
      rows.map(([key]) => key!),
    );
    expect(documented.toSorted()).toEqual(listKeys(configSchema).toSorted());
  });

  it('has every key below its section', async () => {
    for (const { heading, rows } of (await documentedKeys()).file) {
      const sections = heading.split(', ');
      for (const [key] of rows) {
        const isBelow = (section: string) => `${key}.`.startsWith(`${section}.`);
        expect(sections.some(isBelow), `${key} below ${heading}`).toBe(true);
      }
    }
  });

  it('has a row for every key of the items of a list, in their order', async () => {
    const documented = (await documentedKeys()).items.map(({ heading, rows }) => [
      heading,
      rows.map(([key]) => key),
    ]);
    const expected = keysOfItems(configSchema);
    expect(expected.length).toBeGreaterThan(0);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(expected));
  });

  it('has a row for every section that is not applied, and says why, or that it is refused', async () => {
    const tables = await tablesBelow('Sections of distribution that this version does not apply');
    const documented = tables[0]!.rows;
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
