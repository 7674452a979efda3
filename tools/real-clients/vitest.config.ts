import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const results = join(import.meta.dirname, '../../coverage/clients.json');

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    // An image of 200 MB goes in and out several times, on machines that do other things as well.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: process.env['CI'] ? ['verbose', ['json', { outputFile: results }]] : ['verbose'],
  },
});
