#!/usr/bin/env node
// Written for the oldest Node.js that may come across it, which shall be told what is needed.
import module from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  console.error(
    `purser needs Node.js ${OLDEST_NODE} or newer; this is ${process.version} (in a checkout, npx purser brings its own)`,
  );
  process.exit(1);
}

const isInstalled = fileURLToPath(import.meta.url).includes(`${sep}node_modules${sep}`);
if (isInstalled) {
  await import('../dist/main.js');
} else {
  // A checkout runs its sources, built or not: the packages beside this one name theirs under this condition.
  module.registerHooks({
    resolve: (specifier, context, nextResolve) =>
      nextResolve(specifier, {
        ...context,
        conditions: ['@purser/source', ...context.conditions],
      }),
  });
  await import('../src/main.ts');
}
