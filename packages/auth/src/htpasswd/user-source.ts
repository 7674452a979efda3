import type { Users } from './parse-users.ts';

/** Where users come from. */
export interface UserSource {
  /**
   * The users as they are now; the same map for as long as nothing changes.
   *
   * @throws When they cannot be told: nobody is let in then.
   */
  current(): Promise<Users>;
}
