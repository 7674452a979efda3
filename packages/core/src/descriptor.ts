import { isDigest, type Digest } from './digest.ts';
import { RegistryError } from './errors.ts';
import { isMediaType } from './media-type.ts';
import { isObject } from './strict-json.ts';

/** The platform an image runs on. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
  readonly variant?: string;
}

/**
 * What names a piece of content everywhere: its digest, its size in bytes, and what it is.
 *
 * @see OCI image-spec, descriptor.md.
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** The content itself in base64. */
  readonly data?: string;
  readonly platform?: Platform;
  readonly artifactType?: string;
}

/** The media type of a blob about which nothing else is known. */
export const OCTET_STREAM = 'application/octet-stream';

/**
 * Checks that a value of a JSON document is a descriptor; members it does not know are left alone.
 *
 * @param where Names the value in the message: `layers[2]`.
 * @throws RegistryError `MANIFEST_INVALID`, naming the member that is wrong.
 */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  for (const [member, isValid] of Object.entries(MEMBERS)) {
    const found = isObject(value) ? value[member] : undefined;
    if (!isValid(found)) throw invalid(where, member);
  }
  return value as Descriptor;
}

// Go writes an absent list or map as null.
const optional = (check: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || value === null || check(value);

const MEMBERS: Readonly<Record<string, (value: unknown) => boolean>> = {
  mediaType: (value) => typeof value === 'string' && isMediaType(value),
  digest: (value) => typeof value === 'string' && isDigest(value),
  size: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  urls: optional((value) => isTextList(value) && value.every((url) => URL.canParse(url))),
  annotations: optional(isAnnotations),
  data: optional((value) => typeof value === 'string' && isBase64(value)),
  platform: optional(
    (value) =>
      isObject(value) &&
      typeof value['architecture'] === 'string' &&
      typeof value['os'] === 'string',
  ),
  artifactType: optional((value) => typeof value === 'string'),
};

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

export function isAnnotations(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((entry) => typeof entry === 'string');
}

function invalid(where: string, member: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', {
    message: `${where} is no valid descriptor: ${member} is missing or malformed`,
    detail: { member: `${where}.${member}` },
  });
}
