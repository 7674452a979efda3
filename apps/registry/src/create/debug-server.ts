import { createServer } from 'node:http';
import Koa from 'koa';
import type { Config } from '../config/schema.ts';
import { answerHealth, type HealthReport } from '../observe/debug/answer-health.ts';
import { answerMetrics, type MetricsSource } from '../observe/debug/answer-metrics.ts';
import { answerProfiles } from '../observe/debug/answer-profiles.ts';
import { answerVariables } from '../observe/debug/answer-variables.ts';
import { onlyForNeighbours } from '../observe/debug/only-for-neighbours.ts';
import { describeError } from '../observe/describe-error.ts';
import type { Logger } from '../observe/logger.ts';
import { ProtectedResponse } from './http/protected-response.ts';
import { listen } from './http/listen.ts';

export interface DebugParts {
  readonly health: () => HealthReport | Promise<HealthReport>;
  /** Absent when nothing is measured. */
  readonly metrics?: MetricsSource | undefined;
  readonly logger: Logger;
}

/** Tells operators how a server is doing, beside what it serves to clients. */
export interface DebugServer {
  /** `http://127.0.0.1:5001` */
  readonly url: string;
  close(): Promise<void>;
}

/** What slows the server down, or tells more than numbers. */
const SENSITIVE = /^\/debug\/(?:pprof|vars)(?:\/|$)/;

/**
 * Starts the debug server on `http.debug.addr`: `/debug/health`, metrics, `/debug/vars` and `/debug/pprof/`, over plain
 * HTTP and without a login; `undefined` when none is configured.
 *
 * On an address without a host it is there for every machine, as in distribution, with health and metrics; the rest is
 * then answered on the machine itself only.
 *
 * @throws StartError when the address cannot be used.
 */
export async function startDebugServer(
  { listen: address, prometheus }: Config['http']['debug'],
  { health, metrics, logger }: DebugParts,
): Promise<DebugServer | undefined> {
  if (address === undefined) return undefined;
  const application = new Koa();
  const isOpen = address.kind === 'tcp' && address.host === undefined;
  if (isOpen) application.use(onlyForNeighbours(SENSITIVE));
  if (metrics !== undefined) application.use(answerMetrics(prometheus.path, metrics));
  application.use(answerHealth(health));
  application.use(answerVariables());
  application.use(answerProfiles());
  application.on('error', (error) => logger.warn('the debug server failed', describeError(error)));

  const handle = application.callback();
  const server = createServer(
    { ServerResponse: ProtectedResponse },
    (request, response) => void handle(request, response),
  );
  const url = await listen(server, address, { key: 'http.debug.addr' });
  logger.info(`debug server listening on ${url}${isOpen ? ', on every interface' : ''}`);
  if (metrics !== undefined) logger.info(`metrics are at ${url}${prometheus.path}`);
  return {
    url,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
