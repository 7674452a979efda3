/** Accepted last by every call that can wait. */
export interface OperationOptions {
  /** Ends the call early; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A page of a listing in byte order. */
export interface ListOptions extends OperationOptions {
  /** Only what sorts strictly after this text, which need not name anything. */
  readonly after?: string | undefined;
  /** The most entries to give: an integer, 0 or more. All of them when absent. */
  readonly limit?: number | undefined;
}
