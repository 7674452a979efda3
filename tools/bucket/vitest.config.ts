import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const results = join(import.meta.dirname, '../../coverage/bucket.json');

export default defineConfig({
  resolve: { conditions: ['@purser/source'] },
  ssr: { resolve: { conditions: ['@purser/source'] } },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    // Two cores have to carry eight clients, two servers, two proxies and an emulator.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    reporters: process.env['CI'] ? ['verbose', ['json', { outputFile: results }]] : ['verbose'],
  },
});
