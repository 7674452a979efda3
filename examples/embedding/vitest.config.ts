import { defaultServerConditions } from 'vite';
import { defineProject } from 'vitest/config';

export default defineProject({
  ssr: { resolve: { conditions: ['@purser/source', ...defaultServerConditions] } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
