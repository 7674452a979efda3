import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Middleware } from 'koa';
import { packageVersion } from '../../package-version.ts';

/** Answers `/debug/vars` with facts of the running process. Nothing of its configuration, arguments or environment is in them. */
export function answerVariables(): Middleware {
  return async function answerVariables(context, next) {
    if (context.path !== '/debug/vars') return next();
    context.body = `${JSON.stringify(variables(), undefined, 2)}\n`;
    context.set('Content-Type', 'application/json');
  };
}

function variables() {
  const { idle, active, utilization } = performance.eventLoopUtilization();
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  return {
    version: packageVersion(),
    node: process.version,
    pid: process.pid,
    uptimeSeconds: process.uptime(),
    memstats: { ...process.memoryUsage(), heapLimit: getHeapStatistics().heap_size_limit },
    cpuSeconds: { user: userCPUTime / 1e6, system: systemCPUTime / 1e6 },
    eventLoop: { idleMs: idle, activeMs: active, utilization },
    resources: countOf(process.getActiveResourcesInfo()),
  };
}

function countOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
