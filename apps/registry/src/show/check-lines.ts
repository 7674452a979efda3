import type { LineSink } from '../observe/logger.ts';
import type { CheckShow } from './check-bars.ts';

/** Whoever waits for a long check sees that it goes on. */
const INTERVAL_MS = 5_000;

/** Says now and then how far a check is, for logs and pipes. */
export function showCheckLines(write: LineSink): CheckShow {
  let toldAt = performance.now();
  return {
    onProgress({ blobs, bytes, repositories }) {
      if (performance.now() - toldAt < INTERVAL_MS) return;
      toldAt = performance.now();
      write(`${blobs} blobs, ${bytes} bytes read, ${repositories} names\n`);
    },
    interrupt: (writeFinding) => writeFinding(),
    stop: () => {},
  };
}
