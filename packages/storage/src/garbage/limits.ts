/** For so long it is believed that nothing collects garbage here, in milliseconds. */
export const ACTIVE_MEMORY_MS = 1000;

/** How long a collector waits until every process has asked again whether anything collects, in milliseconds. */
export const ACTIVE_WAIT_MS = 2 * ACTIVE_MEMORY_MS;

/** Who takes longer than this from a grant to what relies on it grants again, in milliseconds. */
export const PROMPT_MS = 500;

/** In milliseconds. A push relies on content for less between two grants. */
export const SMALLEST_GRACE_MS = 2000;

/**
 * What a collector adds to the grace: no less than lies between a claim that saw nothing condemned and the answer that
 * tells of it, in milliseconds. An answer after a second claim comes up to `SMALLEST_GRACE_MS` after the first.
 */
export const GRACE_MARGIN_MS = 4 * PROMPT_MS;

/** How long the lease of a collector outlives it, in milliseconds. */
export const LEASE_TERM_MS = 5000;
