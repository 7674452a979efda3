import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // One less would leave half of a small machine idle: many tests wait for processes and disks.
    maxWorkers: '100%',
    projects: [
      'packages/*',
      'apps/*',
      'examples/*',
      'tools/external-programs',
      'tools/oci-conformance',
    ],
    reporters: process.env['CI']
      ? ['default', ['json', { outputFile: 'coverage/tests.json' }]]
      : ['default'],
    coverage: {
      provider: 'v8',
      include: ['{packages,apps}/*/src/**/*.ts'],
      exclude: ['**/*.{test,bench}.ts', '**/fixtures/**'],
      reporter: ['text-summary', 'json-summary', 'html'],
    },
  },
});
