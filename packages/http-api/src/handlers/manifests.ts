import {
  canonicalBytes,
  digestOf,
  isTag,
  parseDigest,
  parseTag,
  RegistryError,
  routes,
  supportedAlgorithmOf,
  type Digest,
  type Manifest,
  type ManifestClaims,
  type Tag,
  type TagOptions,
  type TagService,
} from '@purser/core';
import type { Context } from 'koa';
import { answerBytes, answerEmpty } from '../answers.ts';
import { accessTo, refuse } from '../authorize.ts';
import { queryOf, type MethodTable, type RepositoryCall } from '../call.ts';
import { etagOf, isNotModified, preconditionFailed, replacementCondition } from '../conditional.ts';
import { departureSignal } from '../client-departure.ts';
import { acceptedTypes, convertForClient } from '../convert-manifest.ts';
import { checkClass } from '../manifest-class.ts';
import { readManifest } from '../request-body.ts';
import { warn } from '../warnings.ts';

type ManifestCall = RepositoryCall<{ readonly reference: string }>;

/** @see OCI distribution-spec, end-3, end-7, end-9. */
export const manifests: MethodTable<ManifestCall> = {
  DELETE: deleteManifest,
  GET: getManifest,
  HEAD: getManifest,
  PUT: putManifest,
};

/**
 * Gives what the digest or the tag names, whatever `Accept` says: a digest names bytes, and so does a tag. Only with
 * converters does a tag name an image, in the form that the client takes.
 */
async function getManifest(call: ManifestCall): Promise<void> {
  const { context, repository } = call;
  const found = await resolve(call);
  const { manifests: service } = repository;
  if (isNotModified(context.req.headers, found.digest) && (await service.exists(found.digest))) {
    describe(context, found.digest);
    answerEmpty(context, 304);
    return;
  }
  // Who asks whether a manifest is there may go on to rely on it.
  const verified = context.method === 'HEAD';
  const stored = await service.get(found.digest, { verified });
  const { manifest, digest } = await inClientsForm(call, { ...found, manifest: stored });
  const { mediaType, payload } = manifest;
  describe(context, digest);
  context.set('Content-Type', mediaType);
  answerBytes(context, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength));
}

interface NamedManifest {
  readonly manifest: Manifest;
  readonly digest: Digest;
  /** The tag that named it, if one did. */
  readonly tag?: Tag | undefined;
}

async function inClientsForm(
  { context, settings: { converters }, repository }: ManifestCall,
  named: NamedManifest,
): Promise<NamedManifest> {
  const { manifest, tag } = named;
  if (tag === undefined || converters.length === 0) return named;
  context.vary('Accept');
  const accepted = acceptedTypes(context.req.headers.accept);
  const source = { repository, tag };
  const converted = await convertForClient(manifest, accepted, { converters, source });
  if (converted === manifest) return named;
  return { manifest: converted, digest: digestOf(canonicalBytes(converted)), tag };
}

async function putManifest(call: ManifestCall): Promise<void> {
  const { context, settings, repository } = call;
  const { name, manifests: service, tags: tagService } = repository;
  const { headers } = context.req;
  const { digest: expected, tags } = parseReference(call);
  const payload = await readManifest(context.req, settings.maximumManifestSize);
  const manifest = settings.decoder.decode(payload, headers['content-type']);
  checkClaims(manifest.claims, { name, tags });
  const { manifestClasses: classes } = settings;
  if (classes !== undefined) checkClass(manifest, { classes, name, caller: call.caller });
  const allow = await tagCondition(
    call,
    tags,
    () => expected ?? digestOf(canonicalBytes(manifest)),
  );
  if (allow !== undefined) await checkTags(tagService, tags, allow);
  const signal = departureSignal(context);
  const digest = await service.put(manifest, { digest: expected, signal });
  for (const tag of tags) await tagService.tag(tag, digest, { allow });
  const path = routes.manifest.format({ name, reference: digest });
  context.set('Location', settings.urls.locate(context, path));
  context.set('Docker-Content-Digest', digest);
  if (manifest.subject !== undefined) context.set('OCI-Subject', manifest.subject.digest);
  if (expected !== undefined && tags.length > 0) context.set('OCI-Tag', [...tags]);
  if (manifest.artifactType === EMPTY_CONFIG) warn(context, MISSING_ARTIFACT_TYPE);
  answerEmpty(context, 201);
}

/** What stands for the artifact type of an image that has none, and a config that says nothing. */
const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json';
const MISSING_ARTIFACT_TYPE =
  'the config is the empty descriptor and there is no artifactType: nobody can tell what this artifact is';

/** A document that says of which repository and tag it is must not be passed off as another. */
function checkClaims(
  claims: ManifestClaims | undefined,
  { name, tags }: { name: string; tags: readonly Tag[] },
): void {
  if (claims === undefined) return;
  const { repository, tag } = claims;
  if (repository !== name) {
    const message = `the manifest says that it is of repository ${repository}`;
    throw new RegistryError('NAME_INVALID', { message, detail: { name: repository } });
  }
  if (tags.every((pushed) => pushed === tag)) return;
  const reason = `the manifest says that its tag is ${tag}`;
  throw new RegistryError('MANIFEST_INVALID', { message: reason, detail: { reason, tag } });
}

type TagCondition = NonNullable<TagOptions['allow']>;

/**
 * When the tags of a push may be moved, as its headers and the rights of the caller say; `undefined` when they always
 * may. Whether a push overwrites is known only when the tag is moved. To set a tag to what it names changes nothing.
 */
async function tagCondition(
  { context, repository, caller }: ManifestCall,
  tags: readonly Tag[],
  digestOfPushed: () => Digest,
): Promise<TagCondition | undefined> {
  const condition = replacementCondition(context.req.headers);
  if (caller === undefined || tags.length === 0) return condition;
  const wanted = [accessTo(repository.name, 'overwrite')];
  const refusal = await caller.refusalOf(wanted);
  if (refusal === undefined) return condition;
  const pushed = digestOfPushed();
  return (current) => {
    if (current !== undefined && current !== pushed) throw refuse(context, refusal, wanted);
    return condition?.(current) ?? true;
  };
}

/** Refuses before anything is stored what would be refused afterwards. */
async function checkTags(
  service: TagService,
  tags: readonly Tag[],
  allow: TagCondition,
): Promise<void> {
  for (const tag of tags) {
    const current = await service.get(tag);
    if (!allow(current)) throw preconditionFailed(current);
  }
}

async function deleteManifest({ context, repository, parameters }: ManifestCall): Promise<void> {
  const { reference } = parameters;
  const options = { signal: departureSignal(context) };
  if (isDigestReference(reference)) {
    await repository.manifests.delete(parseDigest(reference), options);
  } else await repository.tags.untag(existingTag(reference), options);
  answerEmpty(context, 202);
}

function describe(context: Context, digest: Digest): void {
  context.set('Docker-Content-Digest', digest);
  context.set('Etag', etagOf(digest));
}

/** Which manifest is meant. A tag never contains a colon, and every digest does. */
async function resolve({
  repository,
  parameters: { reference },
}: ManifestCall): Promise<{ digest: Digest; tag?: Tag }> {
  if (isDigestReference(reference)) return { digest: parseDigest(reference) };
  const tag = existingTag(reference);
  const digest = await repository.tags.get(tag);
  if (digest === undefined) throw unknownTag(tag);
  return { digest, tag };
}

/** The most `tag` parameters of one push. */
const MAXIMUM_TAGS = 100;

/** What a push is stored by, and the tags it gets: the one of the path, or those of `tag` parameters beside a digest. */
function parseReference(call: ManifestCall): { digest?: Digest; tags: readonly Tag[] } {
  const { reference } = call.parameters;
  const parameters = [...new Set(queryOf(call).getAll('tag'))];
  if (!isDigestReference(reference)) {
    if (parameters.length === 0) return { tags: [parseTag(reference)] };
    const message = 'tag parameters belong to a push by digest';
    throw new RegistryError('PARAMETER_INVALID', { message });
  }
  if (parameters.length > MAXIMUM_TAGS) {
    const message = `one push can set at most ${MAXIMUM_TAGS} tags`;
    throw new RegistryError('REQUEST_TOO_LONG', { message });
  }
  const digest = parseDigest(reference);
  supportedAlgorithmOf(digest);
  return { digest, tags: parameters.map(parseTag) };
}

function isDigestReference(reference: string): boolean {
  return reference.includes(':');
}

/** What is no tag names no manifest. */
function existingTag(reference: string): Tag {
  if (isTag(reference)) return reference;
  throw unknownTag(reference);
}

function unknownTag(tag: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', { detail: { tag: tag.slice(0, 128) } });
}
