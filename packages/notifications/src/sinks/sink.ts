import type { Notification } from '../event.ts';

/** Takes notifications, in the order in which they happened. */
export interface Sink {
  /**
   * @param options.signal Ends the attempt; the promise then rejects with its reason.
   */
  write(notification: Notification, options: { readonly signal: AbortSignal }): Promise<void>;
}
