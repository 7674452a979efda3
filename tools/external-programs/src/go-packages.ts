/** A program in Go, pinned to a version. */
interface GoPackage {
  /** As `go install` takes it, without the version. */
  readonly path: string;
  /** As `go install` takes it. */
  readonly version: string;
  /** The environment variable that names one which is there already. */
  readonly variable: string;
  /** Whether the command says too little to be looked for outside the cache of this checkout. */
  readonly isCommonWord?: boolean | undefined;
  /** Whether a build takes so many minutes that `PURSER_REQUIRE_PROGRAMS` alone does not start it. */
  readonly isSlowToBuild?: boolean | undefined;
}

/** The programs that tests run and that Debian does not have, each by a name of its own. */
export const GO_PACKAGES = {
  crane: {
    path: 'github.com/google/go-containerregistry/cmd/crane',
    version: 'v0.22.1',
    variable: 'PURSER_CRANE',
  },
  distribution: {
    path: 'github.com/distribution/distribution/v3/cmd/registry',
    version: 'v3.0.0',
    variable: 'PURSER_DISTRIBUTION',
    isCommonWord: true,
    isSlowToBuild: true,
  },
  'fake-gcs-server': {
    path: 'github.com/fsouza/fake-gcs-server',
    version: 'v1.56.1',
    variable: 'PURSER_FAKE_GCS_SERVER',
  },
  /** No release holds the suite as it is now, so a commit is pinned. Moving it means to count its baseline anew. */
  'oci-conformance': {
    path: 'github.com/opencontainers/distribution-spec/conformance',
    version: 'v0.0.0-20260831232431-97274622c111',
    variable: 'PURSER_OCI_CONFORMANCE',
    isCommonWord: true,
  },
  oras: {
    path: 'oras.land/oras/cmd/oras',
    version: 'v1.3.6',
    variable: 'PURSER_ORAS',
  },
  /** Reads the text format of Prometheus with its own parser. */
  prom2json: {
    path: 'github.com/prometheus/prom2json/cmd/prom2json',
    version: 'v1.4.2',
    variable: 'PURSER_PROM2JSON',
  },
} as const satisfies Record<string, GoPackage>;

export type GoProgram = keyof typeof GO_PACKAGES;

/** What `go install` takes: path and version. */
export function sourceOf(program: GoProgram): string {
  const { path, version } = GO_PACKAGES[program];
  return `${path}@${version}`;
}

/** What `go install` calls the program: the last word of its path. */
export function commandOf(program: GoProgram): string {
  return GO_PACKAGES[program].path.split('/').at(-1) ?? program;
}

export function packageOf(program: GoProgram): GoPackage {
  return GO_PACKAGES[program];
}
