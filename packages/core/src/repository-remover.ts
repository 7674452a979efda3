import type { OperationOptions } from './options.ts';

/** Removes one repository, whole. */
export interface RepositoryRemover {
  /**
   * Removes every tag, manifest, blob and upload of the repository; those below it, such as `a/b` below `a`, stay, and so
   * does what other repositories share with it. A push at the same time may be taken away with it.
   *
   * When it fails half way, what is left is whole: no tag names a manifest that is gone, no manifest refers to content that
   * is. Calling it again goes on.
   *
   * @throws RegistryError `NAME_UNKNOWN` when nothing is kept under the name; `UNSUPPORTED` when deletion is off;
   * `UNAVAILABLE` when others push faster than it removes.
   */
  remove(options?: OperationOptions): Promise<void>;
}
