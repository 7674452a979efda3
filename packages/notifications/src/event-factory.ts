import { randomUUID } from 'node:crypto';
import {
  canonicalBytes,
  encodeDescriptor,
  routes,
  type Descriptor,
  type Encodable,
  type Manifest,
  type RepositoryName,
} from '@purser/core';
import type { EventTarget, Notification, RegistryEvent, SourceRecord } from './event.ts';
import type { BlobOccurrence, ManifestOccurrence, Occurrence } from './listener.ts';

/** Who asks, and how the registry looks from there. */
export interface RequestFacts {
  readonly method: string;
  /** As in the `Host` header. */
  readonly host: string;
  readonly address: string;
  readonly userAgent: string;
  /** A new UUID when absent. */
  readonly id?: string | undefined;
  /**
   * What stands before `/v2/` in the URLs of this registry, as in `Location` headers: `https://registry.example`, or
   * `''` for paths alone. The notifier's own when absent.
   */
  readonly baseUrl?: string | undefined;
}

export interface EventFactoryOptions {
  readonly source: SourceRecord;
  readonly facts: RequestFacts;
  /** The name of the user. */
  readonly actor: string | undefined;
  readonly baseUrl: string;
  /** Whether manifests are told with what they refer to. */
  readonly includeReferences: boolean;
  readonly now: () => number;
}

/** Makes the events of one request. */
export class EventFactory {
  readonly #options: EventFactoryOptions;
  readonly #records: Pick<RegistryEvent, 'actor' | 'request' | 'source'>;

  constructor(options: EventFactoryOptions) {
    const { source, actor, facts } = options;
    this.#options = options;
    this.#records = {
      request: {
        id: facts.id ?? randomUUID(),
        ...unlessEmpty('addr', facts.address),
        ...unlessEmpty('host', facts.host),
        method: facts.method,
        useragent: facts.userAgent,
      },
      actor: unlessEmpty('name', actor),
      source: {
        ...unlessEmpty('addr', source.addr),
        ...unlessEmpty('instanceID', source.instanceID),
      },
    };
  }

  create(name: RepositoryName, occurrence: Occurrence): Notification {
    const { kind, action } = occurrence;
    const event: RegistryEvent = {
      id: randomUUID(),
      timestamp: new Date(this.#options.now()).toISOString(),
      action,
      target: this.#target(name, occurrence),
      ...this.#records,
    };
    return { kind, event };
  }

  #target(name: RepositoryName, occurrence: Occurrence): EventTarget {
    switch (occurrence.kind) {
      case 'blob':
        return this.#blobTarget(name, occurrence);
      case 'manifest':
        return this.#manifestTarget(name, occurrence);
      case 'repository':
        return { ...nothingLeft(''), repository: name };
      case 'tag':
        return { ...nothingLeft(''), repository: name, tag: occurrence.tag };
    }
  }

  #blobTarget(name: RepositoryName, occurrence: BlobOccurrence): EventTarget {
    if (occurrence.action === 'delete') {
      return { ...nothingLeft(occurrence.digest), repository: name };
    }
    const { mediaType, digest, size } = occurrence.descriptor;
    const from = occurrence.action === 'mount' ? occurrence.from : undefined;
    return {
      ...content({ mediaType, digest, size }),
      repository: name,
      ...unlessEmpty('fromRepository', from),
      url: this.#options.baseUrl + routes.blob.format({ name, digest }),
    };
  }

  #manifestTarget(name: RepositoryName, occurrence: ManifestOccurrence): EventTarget {
    if (occurrence.action === 'delete') {
      return { ...nothingLeft(occurrence.digest), repository: name };
    }
    const { manifest, digest, tag } = occurrence;
    const { baseUrl, includeReferences } = this.#options;
    const { byteLength: size } = canonicalBytes(manifest);
    return {
      ...content({ mediaType: manifest.mediaType, digest, size }),
      repository: name,
      url: baseUrl + routes.manifest.format({ name, reference: digest }),
      ...unlessEmpty('tag', tag),
      ...(includeReferences && listReferences(manifest)),
    };
  }
}

function content(described: Pick<EventTarget, 'digest' | 'mediaType' | 'size'>) {
  const { mediaType, digest, size } = described;
  return { mediaType, digest, size, ...(size > 0 && { length: size }) };
}

function nothingLeft(digest: string) {
  return { mediaType: '', digest, size: 0 };
}

function unlessEmpty<Name extends string>(
  name: Name,
  value: string | undefined,
): { readonly [Key in Name]?: string } {
  return (value ? { [name]: value } : {}) as { readonly [Key in Name]?: string };
}

/** Events wait in memory and on disk: a manifest of thousands of references must not take the place of many others. */
const MAXIMUM_REFERENCE_BYTES = 32 * 1024;

/** Lists references up to 32 KiB of JSON, which is more than images of 127 layers need. */
function listReferences({ references }: Manifest): ReferenceList {
  const listed: Descriptor[] = [];
  let bytes = 0;
  for (const { descriptor } of references) {
    const plainOne = plainDescriptor(descriptor);
    bytes += Buffer.byteLength(JSON.stringify(plainOne));
    if (bytes > MAXIMUM_REFERENCE_BYTES) break;
    listed.push(plainOne);
  }
  const omitted = references.length - listed.length;
  return {
    ...(references.length > 0 && { references: listed }),
    ...(omitted > 0 && { omittedReferences: omitted }),
  };
}

type ReferenceList = Pick<EventTarget, 'references' | 'omittedReferences'>;

/** With its members in Go's order, and without empty ones. */
function plainDescriptor(descriptor: Descriptor): Descriptor {
  return plain(encodeDescriptor(descriptor)) as Descriptor;
}

function plain(value: Encodable | undefined): unknown {
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([name, member]) => [name, plain(member)]));
}
