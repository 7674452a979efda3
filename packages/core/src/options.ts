/** Accepted last by every call that can wait. */
export interface OperationOptions {
  /** Ends the call early; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Bounds the work of a listing. A listing can look at entries that it does not give: those that a filter leaves out, or
 * that no longer count.
 */
export interface ListBudget {
  /** Maximum number of entries to look at: an integer, 2 or more. */
  readonly entries: number;
  /** Called when the budget ends a listing early. The listing after `position` gives the rest. */
  readonly onSpent: (position: string) => void;
}

/** A page of a listing in byte order. */
export interface ListOptions extends OperationOptions {
  /** Only what sorts strictly after this text, which need not name anything. */
  readonly after?: string | undefined;
  /** The most entries to give: an integer, 0 or more. All of them when absent. */
  readonly limit?: number | undefined;
  /** An implementation whose entries cost little may ignore it. No bound when absent. */
  readonly budget?: ListBudget | undefined;
}
