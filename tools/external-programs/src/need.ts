/** Whether tests have the programs that they run. */
export interface Need {
  readonly isUnmet: boolean;
  /** What to add to the title of tests that are skipped for it; empty when it is met. */
  readonly note: string;
}

export const MET: Need = { isUnmet: false, note: '' };

/**
 * @param reason What is missing, and where it comes from.
 * @throws Error with the reason when `PURSER_REQUIRE_PROGRAMS` is 1: there a skip is a failure.
 */
export function unmet(reason: string): Need {
  if (isSet('PURSER_REQUIRE_PROGRAMS')) throw new Error(reason);
  return skipped(reason);
}

/** For what no run requires. */
export function skipped(reason: string): Need {
  return { isUnmet: true, note: ` [skipped: ${reason}]` };
}

/** Whether programs may be built: `PURSER_BUILD_PROGRAMS` is 1, or `PURSER_REQUIRE_PROGRAMS` for those that do not take long. */
export function mayBuild({ isSlow }: { readonly isSlow: boolean }): boolean {
  return isSet('PURSER_BUILD_PROGRAMS') || (!isSlow && isSet('PURSER_REQUIRE_PROGRAMS'));
}

function isSet(variable: string): boolean {
  return process.env[variable] === '1';
}
