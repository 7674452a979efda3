import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

async function run(...parameters: readonly string[]) {
  const program = join(import.meta.dirname, '../attack.ts');
  const child = spawn(process.execPath, ['--conditions=@purser/source', program, ...parameters]);
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { output, status: status as number };
}

const isLinux = process.platform === 'linux';
const note = isLinux ? '' : ' (skipped: processes are read from /proc, which only Linux has)';

describe.skipIf(!isLinux)(`a scenario of overload${note}`, () => {
  it('fails when the server refuses the ordinary client for the sake of hostile ones', async () => {
    const limits = JSON.stringify({ transfers: 1, clientshare: 100, queue: 0 });
    const options = ['--clients', '1', '--seconds', '1', '--repeats', '0', '--protocol', 'http1'];
    const { output, status } = await run('slow-readers', ...options, '--limits', limits);
    expect(output).toMatch(/FAILED: \d+ visits of the ordinary client failed during the attack/);
    expect(status).toBe(1);
  }, 120_000);

  it('fails for a protocol that it does not know', async () => {
    const { output, status } = await run('places', '--protocol', 'gopher');
    expect(output).toContain('FAILED: --protocol: expected http1, h2c, tls');
    expect(status).toBe(1);
  });
});
