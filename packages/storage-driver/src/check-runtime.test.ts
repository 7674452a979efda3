import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('an import on a Node.js that is too old says which one is needed', async () => {
  const program = 'delete globalThis.AsyncDisposableStack; await import("./index.ts");';
  const words = ['--conditions=@purser/source', '--input-type=module', '--eval', program];
  const running = promisify(execFile)(process.execPath, words, { cwd: import.meta.dirname });
  await expect(running).rejects.toMatchObject({
    stderr: expect.stringContaining('needs Node.js 24 or newer'),
  });
});
