/**
 * Starts a registry as a child process and talks to it: for the programs that try it hard.
 *
 * ```ts
 * import { purser, RegistryClient, Sandbox } from '@purser/registry-under-test';
 *
 * await using sandbox = await Sandbox.create({ parent: '/tmp', prefix: 'try-' });
 * const registry = await sandbox.start(purser(), { root: 'root' });
 * const client = new RegistryClient({ ports: [registry.port] });
 * await client.request({ method: 'GET', path: '/v2/' });
 * client.close();
 * ```
 *
 * @packageDocumentation
 */
export {
  blobPath,
  finishUpload,
  locationOf,
  pullBlob,
  pushStreamed,
  pushWhole,
  sendPart,
  startUpload,
  type BlobTarget,
  type UploadEnd,
  type UploadPart,
} from './blobs.ts';
export { BrokenPromises, type Place } from './broken-promises.ts';
export { readCommandLine, type OptionDefaults, type OptionValues } from './command-line.ts';
export { ContentSource, digestOf, type ContentName, type SampleBlob } from './content.ts';
export { ask, UnexpectedAnswer } from './expectation.ts';
export { Forwarder, type ForwarderOptions, type Route } from './forwarder.ts';
export {
  IMAGE_MANIFEST,
  imageManifest,
  manifestPath,
  pullManifest,
  pushManifest,
  type ManifestTarget,
  type SampleManifest,
} from './images.ts';
export { inParallel } from './in-parallel.ts';
export { MemoryWatch } from './memory-watch.ts';
export { Random } from './random.ts';
export {
  ConnectionLost,
  NoAnswer,
  RegistryClient,
  type RegistryAnswer,
  type RegistryClientOptions,
  type RegistryRequest,
} from './registry-client.ts';
export {
  RegistryProcess,
  type ConfiguredPlace,
  type RegistryProcessOptions,
} from './registry-process.ts';
export {
  distribution,
  dockerRegistry,
  programNamed,
  purser,
  versionOf,
  type PurserOptions,
  type RegistryProgram,
} from './registry-program.ts';
export { withSettings } from './program-settings.ts';
export { Sandbox, type SandboxOptions, type StartOptions } from './sandbox.ts';
export { median, quantile } from './statistics.ts';
export { Tally } from './tally.ts';
