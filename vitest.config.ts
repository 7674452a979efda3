import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      'packages/*',
      'apps/*',
      'examples/*',
      'tools/attack',
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
