import { invalidMember, type JsonObject } from '@purser/core';

/** Only 2 is schema 2; the media type must be written in the document, and exactly. */
export function checkKind(document: JsonObject, mediaType: string): void {
  if (document['schemaVersion'] !== 2) throw invalidMember('schemaVersion', 'must be the number 2');
  if (document['mediaType'] !== mediaType) throw invalidMember('mediaType', `must be ${mediaType}`);
}
