import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createJsonSchema } from './json-schema.ts';

interface Described {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
}

const schema = createJsonSchema() as Described;
const isValid = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

/** What is wrong with a file, by the place. */
function faultsOf(text: string): string[] {
  if (isValid(parse(text, { version: '1.1' }))) return [];
  return isValid.errors!.map(
    ({ instancePath, params }) =>
      `${instancePath}${params['additionalProperty'] ? `/${params['additionalProperty']}` : ''}`,
  );
}

function leaves(described: Described, path = ''): [string, Described][] {
  const below = (key: string) => (path === '' ? key : `${path}.${key}`);
  const members = Object.entries(described.properties ?? {});
  if (members.length > 0) return members.flatMap(([key, child]) => leaves(child, below(key)));
  return [[path, described], ...(described.items ? leaves(described.items, `${path}[]`) : [])];
}

describe('the JSON Schema of a configuration', () => {
  it('describes every key', () => {
    const missing = leaves(schema).filter(([path, { description }]) => {
      const isItem = path.endsWith('[]');
      return !isItem && (description === undefined || description === '');
    });
    expect(missing.map(([path]) => path)).toEqual([]);
  });

  it('accepts the example file', async () => {
    const example = await readFile(new URL('../../config.example.yml', import.meta.url), 'utf8');
    expect(faultsOf(example)).toEqual([]);
  });

  it.each([
    'version: 0.1\nstorage: inmemory',
    "version: '0.1'\nstorage: { filesystem: }\nauth: none\nlog: { level: WARN }",
    'version: 0.1\nstorage: { sqlite: { module: m, file: 1 } }\nhttp: { draintimeout: 1m30s }',
    'version: 0.1\nstorage: inmemory\nhttp: { secret: 007, draintimeout: 0 }\nredis: { pool: { maxidle: 16 } }',
  ])('accepts what loads: %s', (text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  it.each([
    ['http: { adr: ":1" }', '/http/adr'],
    ['http: { relativeurls: maybe }', '/http/relativeurls'],
    ['http: { draintimeout: soon }', '/http/draintimeout'],
    ['log: { formatter: xml }', '/log/formatter'],
    [
      'notifications: { endpoints: [{ name: a, url: u, retries: 1 }] }',
      '/notifications/endpoints/0/retries',
    ],
  ])('tells an editor what is wrong with %s', (text, place) => {
    expect(faultsOf(`version: 0.1\nstorage: inmemory\n${text}`)).toEqual([place]);
  });

  it('gives defaults as they are written', () => {
    const defaults = new Map(leaves(schema).map(([path, leaf]) => [path, leaf.default]));
    expect(defaults.get('http.draintimeout')).toBe('30s');
    expect(defaults.get('storage.maintenance.uploadpurging.age')).toBe('168h');
    expect(defaults.get('catalog.maxentries')).toBe(1000);
  });
});
