import type { Digest, ManifestReference, RepositoryName } from '@purser/core';
import { blobDataPath, revisionLinkPath, tagCurrentPath } from '../paths.ts';
import { isRequired, type ReferencePolicy } from '../policy.ts';
import { AffectedImages } from './affected-images.ts';
import type { AffectedImage, Finding } from './finding.ts';
import {
  readRepository,
  tagsOf,
  type FoundLink,
  type FoundRepository,
  type RepositoryReader,
} from './read-repository.ts';
import type { StoredContent } from './stored-content.ts';

export interface RepositoryCheck {
  readonly findings: readonly Finding[];
  /** Images that need content which is broken, by that content. */
  readonly hurt: ReadonlyMap<Digest, readonly AffectedImage[]>;
}

export interface CheckOptions extends RepositoryReader {
  readonly content: StoredContent;
  readonly references: ReferencePolicy;
}

/** Checks one repository. It is looked at twice when something is wrong, since others may push and delete meanwhile. */
export async function checkRepository(
  name: RepositoryName,
  options: CheckOptions,
): Promise<RepositoryCheck> {
  const first = await look(name, options);
  if (first.findings.length === 0) return first;
  const second = await look(name, options);
  const seen = new Set(first.findings.map(keyOf));
  return { ...second, findings: second.findings.filter((finding) => seen.has(keyOf(finding))) };
}

function keyOf({ path, problem }: Finding): string {
  return `${problem} ${path}`;
}

async function look(name: RepositoryName, options: CheckOptions): Promise<RepositoryCheck> {
  const found = await readRepository(name, options);
  for (const digest of found.corrupt) {
    options.content.note(digest, 'content does not match its digest');
  }
  const images = new AffectedImages(found);
  const hurt = new Map<Digest, readonly AffectedImage[]>();
  const findings: Finding[] = [];
  for (const link of found.links) {
    const finding = await checkLink(link, { ...options, images, hurt });
    if (finding !== undefined) findings.push(finding);
  }
  const reachable = reachableOf(found);
  const whole = { ...options, found, images, reachable };
  findings.push(...(await checkManifests(whole)), ...checkTags(whole));
  for (const path of found.strays) {
    findings.push({ path, problem: 'not part of a registry', digests: [], images: [] });
  }
  return { findings, hurt };
}

interface LinkCheck extends CheckOptions {
  readonly images: AffectedImages;
  readonly hurt: Map<Digest, readonly AffectedImage[]>;
}

async function checkLink(
  { path, place, target, problem }: FoundLink,
  { content, images, hurt, signal }: LinkCheck,
): Promise<Finding | undefined> {
  const named = 'digest' in place ? [place.digest] : [];
  if (problem !== undefined) return { path, problem, digests: named, images: images.of(...named) };
  // What a tag names, and has named, is found by the repository's own links.
  if (target === undefined || place.kind === 'tag' || place.kind === 'history') return undefined;
  const state = await content.state(target, { signal });
  const affected = images.of(...new Set([...named, target]));
  if (state?.problem !== undefined) hurt.set(target, [...(hurt.get(target) ?? []), ...affected]);
  if (state !== undefined) return undefined;
  return { path, problem: 'linked content is missing', digests: [target], images: affected };
}

/** Digests by which content can be had in the repository, as far as links go. */
function reachableOf({ links }: FoundRepository) {
  const layers = new Map<Digest, Digest>();
  const revisions = new Map<Digest, Digest>();
  for (const { place, target } of links) {
    if (target === undefined) continue;
    if (place.kind === 'layer') layers.set(place.digest, target);
    if (place.kind === 'revision') revisions.set(place.digest, target);
  }
  return { layers, revisions };
}

interface WholeCheck extends CheckOptions {
  readonly found: FoundRepository;
  readonly images: AffectedImages;
  readonly reachable: ReturnType<typeof reachableOf>;
}

async function checkManifests(check: WholeCheck): Promise<readonly Finding[]> {
  const { found, images } = check;
  const findings: Finding[] = [];
  for (const [digest, references] of found.references) {
    const missing: Digest[] = [];
    for (const reference of references) {
      const result = await checkReference(reference, check);
      if (result === 'missing') missing.push(reference.descriptor.digest);
      else if (result !== undefined) findings.push(result);
    }
    if (missing.length === 0) continue;
    findings.push({
      path: revisionLinkPath(found.name, digest),
      problem: 'manifest refers to what is missing',
      digests: missing,
      images: images.of(digest),
    });
  }
  return findings;
}

async function checkReference(
  reference: ManifestReference,
  { images, reachable, content, references, signal }: WholeCheck,
): Promise<Finding | 'missing' | undefined> {
  const { digest, size } = reference.descriptor;
  const links = reference.kind === 'manifest' ? reachable.revisions : reachable.layers;
  const target = links.get(digest);
  const state = target && (await content.state(target, { signal }));
  if (target === undefined || state === undefined) {
    return isRequired(reference, references) ? 'missing' : undefined;
  }
  if (state.problem !== undefined || state.size === size) return undefined;
  return {
    path: blobDataPath(target),
    problem: 'content has another size than its manifest says',
    digests: [digest],
    images: images.of(digest),
  };
}

function checkTags({ found, images, reachable }: WholeCheck): readonly Finding[] {
  return [...tagsOf(found)]
    .filter(([, digest]) => !reachable.revisions.has(digest))
    .map(([tag, digest]) => ({
      path: tagCurrentPath(found.name, tag),
      problem: 'tag names no manifest' as const,
      digests: [digest],
      images: images.of(digest),
    }));
}
