import type { Run } from '@purser/external-programs';

/** What is attached to a manifest, and so on. */
export interface Attachment {
  readonly digest: string;
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly referrers: readonly Attachment[];
}

/** What `oras discover` finds attached to an image, without the names of the repository. In the order of digests. */
export async function discover(
  oras: Run,
  image: string,
  ...options: readonly string[]
): Promise<readonly Attachment[]> {
  const words = ['--plain-http', '--format=json', ...options];
  return attachmentsOf(JSON.parse(await oras('discover', ...words, image)) as Discovered);
}

interface Discovered extends Attachment {
  readonly referrers: readonly Discovered[];
}

function attachmentsOf({ referrers }: Discovered): readonly Attachment[] {
  return referrers
    .map((referrer) => ({
      digest: referrer.digest,
      artifactType: referrer.artifactType,
      annotations: referrer.annotations,
      referrers: attachmentsOf(referrer),
    }))
    .toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
}
