import {
  invalidMember,
  isAnnotations,
  isMediaType,
  parseDescriptor,
  type JsonObject,
  type Manifest,
} from '@purser/core';

/** Only 2 was ever published. */
export function checkSchemaVersion(document: JsonObject): void {
  if (document['schemaVersion'] !== 2) throw invalidMember('schemaVersion', 'must be the number 2');
}

/** Reads what images and indexes say about themselves. */
export function parseRelations(
  document: JsonObject,
): Pick<Manifest, 'subject' | 'artifactType' | 'annotations'> {
  const subject = document['subject'] ?? undefined;
  return {
    subject: subject === undefined ? undefined : parseDescriptor(subject, 'subject'),
    artifactType: parseArtifactType(document['artifactType'] ?? undefined),
    annotations: parseAnnotations(document['annotations'] ?? undefined),
  };
}

/** An empty one is none. */
function parseArtifactType(value: unknown): string | undefined {
  if (value === '') return undefined;
  if (value === undefined || (typeof value === 'string' && isMediaType(value))) return value;
  throw invalidMember('artifactType', 'must be a media type');
}

function parseAnnotations(value: unknown): Manifest['annotations'] {
  if (value === undefined || isAnnotations(value)) return value;
  throw invalidMember('annotations', 'must be an object whose values are strings');
}
