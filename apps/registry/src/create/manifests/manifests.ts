import { readFile } from 'node:fs/promises';
import {
  createManifestDecoder,
  type ManifestConverter,
  type ManifestDecoder,
  type ManifestFormat,
} from '@purser/core';
import { ociFormats } from '@purser/manifest-oci';
import {
  createSchema1Converter,
  createSchema1Format,
  generateSigningKey,
  loadSigningKey,
  refuseSchema1,
  type SigningKey,
} from '@purser/manifest-schema1';
import { manifestListConverter, schema2Formats } from '@purser/manifest-schema2';
import type { Config } from '../../config/schema.ts';
import { StartError } from '../start-error.ts';

/** Every form of manifest that the server takes and gives. */
export interface ManifestForms {
  readonly decoder: ManifestDecoder;
  /** Make what old clients can read of what is stored. */
  readonly converters: readonly ManifestConverter[];
}

/** @throws StartError when the signing key of schema 1 cannot be read. */
export async function createManifestForms({
  schema1,
}: Config['compatibility']): Promise<ManifestForms> {
  if (!schema1.enabled) return forms([refuseSchema1(SCHEMA1_OFF)]);
  const path = schema1.signingkeyfile;
  const signingKey = path === undefined ? generateSigningKey() : await readSigningKey(path);
  return forms(
    [createSchema1Format({ signingKey })],
    [manifestListConverter, createSchema1Converter({ signingKey })],
  );
}

/** Reads every manifest that may be stored, whatever the server takes: what it refers to is no garbage. */
export function createStoredDecoder(): ManifestDecoder {
  return forms([createSchema1Format({ signingKey: generateSigningKey() })]).decoder;
}

const SCHEMA1_OFF =
  'schema 1 is switched off: the operator may enable compatibility.schema1.enabled';

function forms(
  schema1Formats: readonly ManifestFormat[],
  converters: readonly ManifestConverter[] = [],
): ManifestForms {
  const decoder = createManifestDecoder([...ociFormats, ...schema2Formats, ...schema1Formats]);
  return { decoder, converters };
}

async function readSigningKey(path: string): Promise<SigningKey> {
  try {
    return loadSigningKey(await readFile(path, 'utf8'));
  } catch (error) {
    const { message } = error as Error;
    throw new StartError(
      `cannot sign schema 1 manifests with compatibility.schema1.signingkeyfile ${path}: ${message}`,
      { cause: error },
    );
  }
}
