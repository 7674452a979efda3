import { z } from 'zod';
import { formatDuration } from './duration.ts';
import { durations } from './values.ts';

/** What a schema expects at a place of the tree. */
export type KeyShape =
  /** Known keys; when it is open, others may stand beside them. */
  | {
      readonly kind: 'section';
      readonly keys: ReadonlyMap<string, z.core.$ZodType>;
      readonly isOpen: boolean;
    }
  /** Keys of the author's choice. */
  | { readonly kind: 'map'; readonly values: z.core.$ZodType }
  | { readonly kind: 'list'; readonly items: z.core.$ZodType }
  /** A scalar by its source text. */
  | { readonly kind: 'text' }
  /** A scalar by its YAML value. */
  | { readonly kind: 'value' }
  /** Whatever stands there. */
  | { readonly kind: 'anything' };

/** Looks through defaults and transformations at what may be written. */
export function shapeOf(wrapped: z.core.$ZodType): KeyShape {
  const schema = unwrap(wrapped);
  if (schema instanceof z.ZodObject) {
    const keys = new Map(Object.entries<z.core.$ZodType>(schema.shape));
    return { kind: 'section', keys, isOpen: schema.def.catchall instanceof z.ZodUnknown };
  }
  if (schema instanceof z.ZodRecord) return { kind: 'map', values: schema.def.valueType };
  if (schema instanceof z.ZodArray) return { kind: 'list', items: schema.def.element };
  if (schema instanceof z.ZodUnknown) return { kind: 'anything' };
  return { kind: TEXT_KINDS.has(schema._zod.def.type) ? 'text' : 'value' };
}

const TEXT_KINDS: ReadonlySet<string> = new Set(['string', 'enum', 'literal']);

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.def.in);
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return isWrapper ? unwrap(schema.def.innerType) : schema;
}

/** What stands for a key that is not written, in the form in which it is written. */
export function defaultOf(schema: z.core.$ZodType): { readonly value: unknown } | undefined {
  if (schema instanceof z.ZodPipe) return defaultOf(schema.def.in);
  if (schema instanceof z.ZodPrefault) return { value: schema.def.defaultValue };
  if (!(schema instanceof z.ZodDefault)) return undefined;
  const value = schema.def.defaultValue;
  return {
    value:
      durations.get(schema.def.innerType) !== undefined ? formatDuration(value as number) : value,
  };
}

/** The path of every key that can be set, in the order of the schema; sections that have no keys count as keys. */
export function listKeys(schema: z.core.$ZodType, prefix = ''): string[] {
  const shape = shapeOf(schema);
  if (shape.kind !== 'section' || shape.keys.size === 0) return prefix === '' ? [] : [prefix];
  return [...shape.keys].flatMap(([key, child]) =>
    listKeys(child, prefix === '' ? key : `${prefix}.${key}`),
  );
}
