import { routes, type Route } from '@purser/core';
import type { RouteObserver } from './metrics/request-metrics.ts';

/** Notes what the path of a request names, for the logs: `vars.name`, `vars.reference`, `vars.digest`, `vars.uuid`. */
export const noteRouteVariables: RouteObserver = (name, context) => {
  const route: Route = routes[name];
  const found = route.parse(String(context['newRouterPath'])) as Variables | undefined;
  context.state['vars'] = {
    'vars.name': found?.['name'],
    'vars.reference': found?.['reference'],
    'vars.digest': found?.['digest'],
    'vars.uuid': found?.['id'],
  };
};

type Variables = Readonly<Record<string, string | undefined>>;
