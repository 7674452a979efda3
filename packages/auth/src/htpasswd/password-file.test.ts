import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verify } from '@node-rs/bcrypt';
import { PasswordFile, provisionPasswordFile, type PasswordFileReport } from './password-file.ts';
import { PasswordFileError } from './parse-users.ts';

let directory = '';
let path = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'auth-'));
  path = join(directory, 'htpasswd');
});
afterEach(() => rm(directory, { recursive: true }));

describe('a password file on disk', () => {
  it('is read once for as long as it stays the same', async () => {
    await writeFile(path, 'alice:x');
    const file = new PasswordFile(path);
    const users = await file.current();
    expect(users.get('alice')).toBe('x');
    expect(await file.current()).toBe(users);
  });

  it('is read again when it is written, replaced, or older than before', async () => {
    await writeFile(path, 'alice:x');
    const file = new PasswordFile(path);
    await file.current();
    await writeFile(path, 'bob:longer');
    expect([...(await file.current()).keys()]).toEqual(['bob']);
    await rm(path);
    await writeFile(path, 'carol:same-size'.slice(0, 10));
    expect([...(await file.current()).keys()]).toEqual(['carol']);
    await writeFile(path, 'david:aaaa');
    await utimes(path, 1, 1);
    expect([...(await file.current()).keys()]).toEqual(['david']);
  });

  it('that is missing or malformed keeps the previous users for an hour, and tells it once', async () => {
    await writeFile(path, 'alice:x');
    let now = 0;
    const reports: string[] = [];
    const observer = ({ kind }: PasswordFileReport) => void reports.push(kind);
    const file = new PasswordFile(path, { now: () => now, observer });
    const users = await file.current();
    await rm(path);
    expect(await file.current()).toBe(users);
    await expect(file.read()).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(path, 'alice');
    now += 60 * 60 * 1000;
    expect(await file.current()).toBe(users);
    await expect(file.read()).rejects.toThrow(PasswordFileError);
    now += 1;
    await expect(file.current()).rejects.toThrow(PasswordFileError);
    expect(reports).toEqual(['unreadable']);
    await writeFile(path, 'alice:y');
    expect((await file.current()).get('alice')).toBe('y');
    expect(reports).toEqual(['unreadable', 'readable']);
  });

  it('tells that it holds no user, each time it comes to that', async () => {
    const reports: string[] = [];
    const observer = ({ kind }: PasswordFileReport) => void reports.push(kind);
    const file = new PasswordFile(path, { observer });
    for (const text of ['', 'alice:x', '# nobody']) {
      await writeFile(path, text);
      await file.current();
      await file.current();
    }
    expect(reports).toEqual(['empty', 'empty']);
  });

  it('that was never read has no previous users', async () => {
    await expect(new PasswordFile(path).current()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a missing password file', () => {
  it('is made with one user and a random password, for its owner alone', async () => {
    const nested = join(directory, 'new', 'htpasswd');
    const first = await provisionPasswordFile(nested);
    expect(first?.user).toBe('docker');
    expect(first?.password).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const [user, hash] = (await readFile(nested, 'utf8')).split(':');
    expect(user).toBe('docker');
    expect(hash).toMatch(/^\$2[aby]\$10\$[./A-Za-z0-9]{53}$/);
    expect(await verify(first!.password, hash!)).toBe(true);
    expect((await stat(nested)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'new'))).mode & 0o777).toBe(0o700);
  });

  it('is made once, also when several try at a time', async () => {
    const made = await Promise.all([1, 2, 3].map(() => provisionPasswordFile(path)));
    const [winner, ...more] = made.filter((user) => user !== undefined);
    expect(more).toEqual([]);
    const hash = (await new PasswordFile(path).current()).get('docker');
    expect(await verify(winner!.password, hash!)).toBe(true);
    expect(await provisionPasswordFile(path)).toBeUndefined();
  });
});
