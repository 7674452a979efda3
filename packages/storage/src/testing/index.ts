/**
 * Damages what is stored, as crashes, disks and people do: for tests of what serves, checks and repairs it.
 *
 * ```ts
 * import { MemoryDriver } from '@purser/storage-driver';
 * import { damage } from '@purser/storage/testing';
 *
 * const driver = new MemoryDriver();
 * const root = '/docker/registry/v2';
 * const link = `${root}/repositories/app/_layers/sha256/e3b0/link`;
 * const victims = {
 *   links: [link],
 *   contents: [{ path: `${root}/blobs/sha256/e3/e3b0/data`, link }],
 *   directories: [`${root}/blobs`],
 * };
 * const { path, problem } = await damage(driver, 'empty link', { victims, seed: 1 });
 * console.log(path, problem);
 * ```
 *
 * @packageDocumentation
 */
export { damage, DAMAGE_KINDS, type DamageKind, type DoneDamage, type Victims } from './damage.ts';
export { SteppedClock } from './stepped-clock.ts';
