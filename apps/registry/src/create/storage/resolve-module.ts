import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The URL that `import` would find in a file of another directory: of a package that is installed there or above it, or
 * of a file, which need not exist.
 *
 * Node.js resolves for the importing file alone, and `require.resolve` passes over what a package exports to `import`.
 * So a hook moves the importing file, for as long as one call takes.
 *
 * @param directory Absolute.
 * @throws Error with a code of Node.js, such as `ERR_MODULE_NOT_FOUND`.
 */
export function resolveModule(specifier: string, directory: string): string {
  // Node.js remembers what it resolved.
  const alias = `purser-module:${encodeURIComponent(JSON.stringify([directory, specifier]))}`;
  const parentURL = pathToFileURL(join(directory, 'importing-file')).href;
  const hooks = registerHooks({
    resolve: (asked, context, next) =>
      asked === alias ? next(specifier, { ...context, parentURL }) : next(asked, context),
  });
  try {
    return import.meta.resolve(alias);
  } finally {
    hooks.deregister();
  }
}
