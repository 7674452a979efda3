/** How hostile clients speak: HTTP/1.1 or HTTP/2 in clear, or HTTP/2 over TLS. */
export type Protocol = 'http1' | 'h2c' | 'tls';

/** Requests that a hostile client can make. Paths, with queries. */
interface HostileContent {
  /** A blob of 32 MiB. */
  readonly blob: string;
  readonly missingBlob: string;
  /** A manifest of nearly 4 MiB. */
  readonly manifest: string;
  /** Where uploads begin. */
  readonly uploads: string;
  /** Blobs of a slow upstream, without the digest. */
  readonly pulledBlobs: string;
  /** A user whose password is guessed. */
  readonly user: string;
  /** Requests that cost the server more than the client, beginning with their method. */
  readonly dear: readonly string[];
}

export interface Target {
  readonly port: number;
  readonly protocol: Protocol;
  readonly content: HostileContent;
}

export type AttackKind =
  | 'small-answers'
  | 'blob-answers'
  | 'large-manifests'
  | 'few-slow-readers'
  | 'slow-readers'
  | 'held-uploads'
  | 'unfollowed-pulls'
  | 'wrong-passwords'
  | 'dear-requests'
  | 'idle-connections'
  | 'slow-uploads'
  | 'header-floods';

/** What the process of the attackers is told to do. */
export interface AttackOrder {
  readonly target: Target;
  readonly kinds: readonly AttackKind[];
  /** One for each hostile client of a kind. */
  readonly addresses: readonly string[];
}

/** What hostile clients did so far. */
export interface AttackResult {
  /** Open connections. */
  readonly open: number;
  /** Bytes of bodies and headers. */
  readonly sent: number;
  /** The number of answers by status, and of HTTP/2 streams that the server reset. */
  readonly answers: Readonly<Record<string, number>>;
  /** Processor time of the process, in milliseconds. */
  readonly processorMs: number;
}

/** What the process of the attackers tells. */
export type AttackReport =
  /** Everything has begun. */
  { readonly kind: 'ready' } | { readonly kind: 'result'; readonly result: AttackResult };
