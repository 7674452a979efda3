/**
 * A container registry in one line, and what the `purser` command is made of.
 *
 * ```ts
 * import { startRegistry } from 'purser';
 *
 * await using registry = await startRegistry();
 * console.log(await fetch(`${registry.url}/v2/`)); // 200
 * ```
 *
 * @packageDocumentation
 */
export {
  createConfig,
  loadConfig,
  parseConfig,
  type LoadConfigOptions,
  type LoadedConfig,
} from './config/load.ts';
export type { Environment } from './config/environment.ts';
export type { ListenAddress } from './config/listen-address.ts';
export { ConfigurationError } from './config/problems.ts';
export type { LogLevel } from './config/log-section.ts';
export type { Config, ConfigInput } from './config/schema.ts';
export type { DriverConfig } from './config/storage-section.ts';
export { Connections } from './create/http/connections.ts';
export type { ServerObservers } from './create/observation.ts';
export { createServer, type RegistryServer, type ServerParts } from './create/server.ts';
export type { Prepared, Reloadable } from './create/reloadable.ts';
export type { AuthConfig } from './config/auth-section.ts';
export { listen } from './create/http/listen.ts';
export { StartError } from './create/start-error.ts';
export {
  createLogger,
  createSilentLogger,
  type LineSink,
  type LogFields,
  type Logger,
  type LoggerOptions,
} from './observe/logger.ts';
export {
  startRegistry,
  type RunningRegistry,
  type StartRegistryOptions,
} from './start-registry.ts';
