import { describe, expect, it } from 'vitest';
import { startRegistry } from '../start-registry.ts';
import { parseConfig } from './load.ts';

const withWorkers = (count: string, rest: string) =>
  parseConfig(`version: 0.1\n${rest}\nhttp: { workers: ${count} }`);

describe('http.workers', () => {
  it('is 1 unless it is written, and may be more', () => {
    const storage = 'storage: { filesystem: {} }';
    expect(parseConfig(`version: 0.1\n${storage}`).config.http.workers).toBe(1);
    expect(withWorkers('4', storage).config.http.workers).toBe(4);
    expect(withWorkers('1', 'storage: inmemory').config.http.workers).toBe(1);
  });

  it.each([
    ['0', 'storage: { filesystem: {} }', 'expected an integer from 1 to 256, found 0'],
    [
      '2',
      'storage: inmemory',
      'expected 1 with storage.inmemory, whose content each process would have for itself, found 2',
    ],
    [
      '2',
      'storage: { filesystem: {} }\nproxy: { remoteurl: https://registry.example }',
      'expected 1 with a proxy, of which one process has to know what was pulled and when it expires, found 2',
    ],
  ])('%s with %j is refused', (count, rest, problem) => {
    const line = rest.includes('\n') ? 4 : 3;
    expect(() => withWorkers(count, rest)).toThrow(
      expect.objectContaining({ problems: [`config.yml:${line}:18: http.workers: ${problem}`] }),
    );
  });

  it('is of the command: a program serves with one process', async () => {
    const storage = { filesystem: { rootdirectory: '/nowhere' } };
    await expect(startRegistry({ storage, http: { workers: 2 } })).rejects.toThrow(
      'a program serves with one process',
    );
  });
});
