/**
 * Every switch of the suite, by name, so that a default that upstream weakens cannot weaken the gate. It is `OCI_VERSION=dev`
 * and `OCI_DATA_SPARSE`, which no version turns on.
 *
 * @see distribution-spec, conformance/config.go.
 */
export const STRICT_SWITCHES = [
  'OCI_API_PING',
  'OCI_API_PULL',
  'OCI_API_PUSH',
  'OCI_API_REFERRER',
  'OCI_API_BLOBS_ATOMIC',
  'OCI_API_BLOBS_DELETE',
  'OCI_API_BLOBS_DIGEST_HEADER',
  'OCI_API_BLOBS_MOUNT_ANONYMOUS',
  'OCI_API_BLOBS_UPLOAD_CANCEL',
  'OCI_API_MANIFESTS_ATOMIC',
  'OCI_API_MANIFESTS_DELETE',
  'OCI_API_MANIFESTS_DIGEST_HEADER',
  'OCI_API_MANIFESTS_TAG_PARAM',
  'OCI_API_TAGS_ATOMIC',
  'OCI_API_TAGS_DELETE',
  'OCI_API_TAGS_LIST',
  'OCI_DATA_IMAGE',
  'OCI_DATA_INDEX',
  'OCI_DATA_INDEX_LIST',
  'OCI_DATA_SPARSE',
  'OCI_DATA_ARTIFACT',
  'OCI_DATA_ARTIFACT_LIST',
  'OCI_DATA_SUBJECT',
  'OCI_DATA_SUBJECT_MISSING',
  'OCI_DATA_SUBJECT_LIST',
  'OCI_DATA_DATA_FIELD',
  'OCI_DATA_NONDISTRIBUTABLE',
  'OCI_DATA_CUSTOM_FIELDS',
  'OCI_DATA_NO_LAYERS',
  'OCI_DATA_EMPTY_BLOB',
  'OCI_DATA_SHA512',
] as const;

/** What a registry that does everything passes in this profile, with the pinned suite. */
export const STRICT_BASELINE = 1032;

/** What the suite reports on in this profile: an entry that is missing was not tested. */
export const STRICT_LABELS = {
  apis: [
    'Blob anonymous mount',
    'Blob chunked',
    'Blob delete',
    'Blob delete atomic',
    'Blob get',
    'Blob get range',
    'Blob head',
    'Blob mount',
    'Blob post only',
    'Blob post put',
    'Blob push',
    'Blob streaming',
    'Blob upload cancel',
    'Manifest delete',
    'Manifest delete atomic',
    'Manifest get by digest',
    'Manifest get by tag',
    'Manifest head by digest',
    'Manifest head by tag',
    'Manifest put by digest',
    'Manifest put by tag',
    'Manifest put with subject',
    'Manifest put with tag params',
    'Ping',
    'Referrers',
    'Tag delete',
    'Tag delete atomic',
    'Tag listing',
  ],
  data: [
    'Artifact',
    'Artifact Index',
    'Artifact without Layers',
    'Artifacts with Subject',
    'Bad Digest Image',
    'Blobs sha256',
    'Blobs sha512',
    'Custom Fields',
    'Data Field',
    'Digest Algorithm sha512',
    'Empty Index',
    'Image',
    'Image Uncompressed',
    'Image with Large Manifest',
    'Index',
    'Index with Subject',
    'Invalid Manifest Digest',
    'Missing Subject',
    'Nested Index',
    'No Layers',
    'Non-distributable Layers',
    'Sparse Manifests',
    'Tag Param',
    'Tag Param sha512',
  ],
} as const;

/** What the suite logs in with. */
export interface SuiteCredentials {
  readonly user: string;
  readonly password: string;
}

/** What the suite is pointed at. */
export interface SuiteTarget {
  /** `host:port`; the API lies at its root. */
  readonly registry: string;
  /** Where the suite writes its reports. */
  readonly resultsFolder: string;
  readonly credentials?: SuiteCredentials | undefined;
}

/** The whole environment of the suite. Nothing of ours is inherited: a variable such as `OCI_FILTER_TEST` would break a run. */
export function strictEnvironment({
  registry,
  resultsFolder,
  credentials,
}: SuiteTarget): NodeJS.ProcessEnv {
  return {
    OCI_VERSION: 'dev',
    OCI_REGISTRY: registry,
    OCI_TLS: 'disabled',
    OCI_REPO1: 'conformance/repo1',
    OCI_REPO2: 'conformance/repo2',
    OCI_RESULTS_DIR: resultsFolder,
    OCI_LOG: 'warn',
    ...(credentials && { OCI_USERNAME: credentials.user, OCI_PASSWORD: credentials.password }),
    ...Object.fromEntries(STRICT_SWITCHES.map((name) => [name, 'true'])),
  };
}
