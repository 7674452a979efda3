/**
 * Finds, builds and runs the programs of others that tests need.
 *
 * ```ts
 * import { GcsEmulator, needGoPrograms } from '@purser/external-programs';
 *
 * const { isUnmet, note } = needGoPrograms('fake-gcs-server');
 * if (isUnmet) throw new Error(note);
 * await using emulator = await GcsEmulator.create();
 * ```
 *
 * @packageDocumentation
 */
export {
  CertificateAuthority,
  type CertificateFiles,
  type Issuing,
} from './certificate-authority.ts';
export { createContainerTools, type ContainerTools, type Run } from './container-tools.ts';
export { freePort } from './free-port.ts';
export { GcsEmulator, type GcsBackend } from './gcs-emulator.ts';
export { sourceOf, type GoProgram } from './go-packages.ts';
export { findOrBuild, needGoPrograms, ProgramNotAvailable } from './go-programs.ts';
export {
  contentOf,
  imageOf,
  layersByConfiguration,
  misnamed,
  unpackedLayersOf,
} from './image-directory.ts';
export {
  bind,
  mounted,
  mountTemporary,
  remount,
  unmountLazily,
  whyNoMount,
  type MountedDirectory,
} from './mounted-directory.ts';
export { type Need } from './need.ts';
export { needNpmProgram, npmCommand, type NpmProgram } from './npm-programs.ts';
export { RedisServer, type RedisServerOptions } from './redis-server.ts';
export { needPrograms, type SystemProgram } from './system-programs.ts';
