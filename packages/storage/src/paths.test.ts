import { digestOf, parseRepositoryName, parseTag } from '@purser/core';
import { describe, expect, it } from 'vitest';
import * as paths from './paths.ts';

const name = parseRepositoryName('library/debian');
const digest = digestOf(Buffer.from('hello'));
const hex = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
const repository = '/docker/registry/v2/repositories/library/debian';

describe('the layout of distribution', () => {
  it.each([
    ['a blob', paths.blobDataPath(digest), `/docker/registry/v2/blobs/sha256/2c/${hex}/data`],
    ['a layer link', paths.layerLinkPath(name, digest), `${repository}/_layers/sha256/${hex}/link`],
    [
      'a revision link',
      paths.revisionLinkPath(name, digest),
      `${repository}/_manifests/revisions/sha256/${hex}/link`,
    ],
    [
      'what a tag names',
      paths.tagCurrentPath(name, parseTag('v1')),
      `${repository}/_manifests/tags/v1/current/link`,
    ],
    [
      'what a tag ever named',
      paths.tagIndexPath(name, parseTag('v1'), digest),
      `${repository}/_manifests/tags/v1/index/sha256/${hex}/link`,
    ],
    ['an upload', paths.uploadPaths(name, 'id').data, `${repository}/_uploads/id/data`],
    [
      'the start of an upload',
      paths.uploadPaths(name, 'id').startedAt,
      `${repository}/_uploads/id/startedat`,
    ],
  ])('has %s where distribution has it', (_what, path, expected) => {
    expect(path).toBe(expected);
  });
});
