import type { AttackKind } from '../attackers/order.ts';
import type { Bounds } from './verdict.ts';

/** An overload: what hostile clients do together, and what it may cost. */
export interface Plan {
  readonly summary: string;
  readonly kinds: readonly AttackKind[];
  /** Where it differs from `--slower` and the usual bounds. */
  readonly bounds?: Partial<Bounds>;
}

const MEBIBYTE = 1024 * 1024;

export const USUAL_BOUNDS: Omit<Bounds, 'slower'> = {
  memory: 400 * MEBIBYTE,
  memoryAbove: 200 * MEBIBYTE,
  processorAbove: 0.5,
  recoverySeconds: 5,
  sockets: 0,
};

/** So many fetches go on for ten seconds, in case their clients return. */
const FETCHES = 4;

/** The overloads by the name of their scenario. */
export const PLANS = {
  places: {
    summary: 'answers, small and large, that nobody reads',
    kinds: ['small-answers', 'blob-answers', 'large-manifests'],
  },
  'slow-readers': {
    summary: 'blobs, 500 for each client, that nobody reads',
    kinds: ['slow-readers'],
    bounds: { memoryAbove: 300 * MEBIBYTE },
  },
  'held-uploads': {
    summary: 'uploads that wait for an upload session which stands still',
    kinds: ['held-uploads'],
  },
  'unfollowed-pulls': {
    summary: 'blobs of a slow upstream whose clients leave',
    kinds: ['unfollowed-pulls'],
    bounds: { sockets: FETCHES },
  },
  'idle-connections': {
    summary: 'connections, 1000 for each client, that say nothing',
    kinds: ['idle-connections'],
  },
  'slow-uploads': {
    summary: 'uploads, 200 for each client, that send a kilobyte in five seconds',
    kinds: ['slow-uploads'],
  },
  'header-floods': {
    summary: 'headers without an end, and as many as are allowed',
    kinds: ['header-floods'],
    bounds: { processorAbove: 1 },
  },
  mixed: {
    summary: 'all of these, wrong passwords and dear requests, at the same time',
    kinds: [
      'small-answers',
      'blob-answers',
      'large-manifests',
      'few-slow-readers',
      'held-uploads',
      'unfollowed-pulls',
      'wrong-passwords',
      'dear-requests',
    ],
    bounds: { processorAbove: 1, memoryAbove: 400 * MEBIBYTE, sockets: FETCHES },
  },
} as const satisfies Readonly<Record<string, Plan>>;
