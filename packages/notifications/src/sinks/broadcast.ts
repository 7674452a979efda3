import type { Sink } from './sink.ts';

/** Gives every notification to each of several sinks, one after the other. */
export function broadcastSink(sinks: readonly Sink[]): Sink {
  return {
    async write(notification, options) {
      for (const sink of sinks) await sink.write(notification, options);
    },
  };
}
