import { isObject, type JsonObject } from '@purser/core';
import { invalid } from './complaint.ts';
import { GO_ZERO_TIME, rewriteGoTime } from './go-time.ts';

/** What of the config of an image is needed to tell its history. */
export interface ImageConfig {
  /** All of it. */
  readonly text: string;
  readonly architecture: string;
  readonly diffIds: number;
  /** Of images of Windows; '' for none. */
  readonly baseLayer: string;
  /** Oldest first. */
  readonly history: readonly [...ImageHistory[], ImageHistory];
}

export interface ImageHistory {
  /** As Go writes it. */
  readonly created: string;
  readonly author: string;
  readonly createdBy: string;
  readonly comment: string;
  readonly isEmptyLayer: boolean;
}

/**
 * Reads the config of a Docker image.
 *
 * @throws RegistryError `MANIFEST_INVALID` when it is no JSON object, has no history or one of more than 4096 steps, or a
 * member is of another type.
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const text = decode(bytes);
  const config = parseObject(text);
  const rootfs = memberObject(config, 'rootfs');
  return {
    text,
    architecture: memberText(config, 'architecture'),
    diffIds: memberList(rootfs, 'diff_ids').length,
    baseLayer: memberText(rootfs, 'base_layer'),
    history: parseHistory(memberList(config, 'history')),
  };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw invalid('the config of the image is not valid UTF-8', error);
  }
}

function parseObject(text: string): JsonObject {
  try {
    const config: unknown = JSON.parse(text);
    if (isObject(config)) return config;
  } catch (error) {
    throw invalid('the config of the image is not valid JSON', error);
  }
  throw invalid('the config of the image is not a JSON object');
}

/** Far more than an image can have layers; the conversion takes time and memory for each. */
const MAXIMUM_HISTORY = 4096;

function parseHistory(list: readonly unknown[]): ImageConfig['history'] {
  if (list.length > MAXIMUM_HISTORY) {
    throw invalid(`the history of the image has more than ${MAXIMUM_HISTORY} steps`);
  }
  const last = list.at(-1);
  if (last === undefined) throw invalid('the config of the image has no history');
  return [...list.slice(0, -1).map(parseEntry), parseEntry(last)];
}

function parseEntry(value: unknown): ImageHistory {
  const entry = value ?? {};
  if (!isObject(entry)) throw wrongType('history');
  const isEmptyLayer = entry['empty_layer'] ?? false;
  if (typeof isEmptyLayer !== 'boolean') throw wrongType('empty_layer');
  return {
    created: parseCreated(entry['created'] ?? undefined),
    author: memberText(entry, 'author'),
    createdBy: memberText(entry, 'created_by'),
    comment: memberText(entry, 'comment'),
    isEmptyLayer,
  };
}

function parseCreated(value: unknown): string {
  if (value === undefined) return GO_ZERO_TIME;
  const created = typeof value === 'string' ? rewriteGoTime(value) : undefined;
  if (created === undefined) throw wrongType('created');
  return created;
}

function memberText(object: JsonObject, name: string): string {
  const value = object[name] ?? '';
  if (typeof value !== 'string') throw wrongType(name);
  return value;
}

function memberList(object: JsonObject, name: string): readonly unknown[] {
  const value = object[name] ?? [];
  if (!Array.isArray(value)) throw wrongType(name);
  return value;
}

function memberObject(object: JsonObject, name: string): JsonObject {
  const value = object[name] ?? {};
  if (!isObject(value)) throw wrongType(name);
  return value;
}

function wrongType(name: string): Error {
  return invalid(`${name} in the config of the image is not what it should be`);
}
