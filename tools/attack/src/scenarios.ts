import { dearRequests } from './dear-requests/dear-requests.ts';
import { garbage } from './garbage/garbage.ts';
import { logins } from './logins/logins.ts';
import { overload } from './overload/overload.ts';
import { PLANS } from './overload/plans.ts';
import { tokens } from './tokens/tokens.ts';
import type { Scenario } from './scenario.ts';

/** The scenarios by name. To add one, make a folder with a `Scenario` and list it here. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'dear-requests': dearRequests,
  garbage,
  logins,
  tokens,
  ...Object.fromEntries(Object.entries(PLANS).map(([name, plan]) => [name, overload(name, plan)])),
};
