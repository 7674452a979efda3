import { z } from 'zod';
import descriptions from './descriptions.json' with { type: 'json' };
import { defaultOf, shapeOf } from './keys.ts';
import { configSchema } from './schema.ts';
import { unservedBelow, UNSERVED_SECTIONS } from './unserved.ts';
import { durations } from './values.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Where the schema is found, and what it is called in messages. */
const HEAD = {
  title: 'Configuration of purser',
  description: 'Every key, its unit and its default: docs/configuration.md of purser.',
};

/**
 * A JSON Schema, draft 2020-12, of configuration files: what an editor needs to complete and to check one. Every file that
 * has all its keys as they are documented is valid by it; what loads with a warning may not be.
 */
export function createJsonSchema(): JsonSchema {
  // The bounds of every number are those that a double can hold anyway.
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return { ...HEAD, ...describe(schema as JsonSchema, configSchema, '') };
}

/** Adds what the library does not know: descriptions, defaults as they are written, and what YAML lets be written. */
function describe(json: JsonSchema, schema: z.core.$ZodType, path: string): JsonSchema {
  const { default: _, ...rest } = json;
  const described = { ...describeValue(rest, schema, path), ...defaultIn(schema) };
  const description = (descriptions as Readonly<Record<string, string>>)[path];
  return description === undefined ? described : { description, ...described };
}

function describeValue(json: JsonSchema, schema: z.core.$ZodType, path: string): JsonSchema {
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case 'section':
      return describeSection(json, shape.keys, path);
    case 'list':
      return { ...json, items: describe(json['items'] as JsonSchema, shape.items, `${path}[]`) };
    case 'map': {
      const { propertyNames: _, additionalProperties: values = {}, ...rest } = json;
      const described = describe(values as JsonSchema, shape.values, `${path}{}`);
      return { ...rest, additionalProperties: described };
    }
    case 'text':
      return describeText(json, schema);
    case 'value':
      return isDuration(schema) ? DURATION : json;
    case 'anything':
      return json;
  }
}

function describeSection(
  json: JsonSchema,
  keys: ReadonlyMap<string, z.core.$ZodType>,
  path: string,
): JsonSchema {
  const written = json['properties'] as Readonly<Record<string, JsonSchema>>;
  const properties: Record<string, JsonSchema> = {};
  const below = (key: string) => (path === '' ? key : `${path}.${key}`);
  for (const [key, child] of keys) {
    properties[key] = describe(written[key]!, child, below(key));
  }
  for (const key of unservedBelow(path)) {
    const { reason } = UNSERVED_SECTIONS.get(below(key))!;
    properties[key] = { deprecated: true, description: `Not applied: ${reason}` };
  }
  const { additionalProperties = false } = json;
  return { ...json, type: typesOf(path), properties, additionalProperties };
}

/** A section may have no body; of some, a name alone stands for one. */
function typesOf(path: string): string[] {
  return ['object', 'null', ...(['storage', 'auth'].includes(path) ? ['string'] : [])];
}

/** Text is what stands in the file: `0.1` is a number to an editor. */
function describeText(json: JsonSchema, schema: z.core.$ZodType): JsonSchema {
  const words = foldedWords(schema);
  if (words !== undefined) return { anyOf: [{ enum: words }, { type: 'string' }] };
  if (json['enum'] !== undefined) return json;
  const { type: _, const: only, format: _format, ...rest } = json;
  if (only !== undefined) {
    const asNumber = Number(only);
    return { ...rest, enum: Number.isNaN(asNumber) ? [only] : [only, asNumber] };
  }
  return { ...rest, type: ['string', 'number', 'boolean'] };
}

/** The words among which a text is looked for in any case of letters. */
function foldedWords(schema: z.core.$ZodType): string[] | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return foldedWords(schema.def.innerType);
  }
  if (!(schema instanceof z.ZodPipe) || !(schema.def.out instanceof z.ZodEnum)) return undefined;
  return schema.def.out.options.map(String);
}

const DURATION: JsonSchema = {
  type: ['string', 'integer'],
  pattern: '^(?:0|(?:(?:\\d+\\.?\\d*|\\.\\d+)(?:ns|us|µs|ms|s|m|h))+)$',
};

function isDuration(schema: z.core.$ZodType): boolean {
  const isWrapper = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault;
  return isWrapper ? isDuration(schema.def.innerType) : durations.get(schema) !== undefined;
}

function defaultIn(schema: z.core.$ZodType): JsonSchema {
  const found = defaultOf(schema);
  // That of a section is what its keys say.
  if (found === undefined || shapeOf(schema).kind === 'section') return {};
  return { default: found.value };
}
