import { describe, expect, it } from 'vitest';
import { parseUsers, PasswordFileError } from './parse-users.ts';

describe('a password file', () => {
  it('has users and hashes, comments and blank lines', () => {
    const users = parseUsers('# users\n\n alice:$2y$05$a:b \r\n\t# more\nbob:{SHA}x\nalice:last');
    expect([...users]).toEqual([
      ['alice', 'last'],
      ['bob', '{SHA}x'],
    ]);
  });

  it('may be empty', () => {
    expect(parseUsers('').size).toBe(0);
  });

  it('is refused with the number of a line that is no entry, and nothing of what stands there', () => {
    const read = () => parseUsers('alice:x\n\nsecret-without-colon\n');
    expect(read).toThrow(PasswordFileError);
    expect(read).toThrow('invalid entry at line 3: expected user:hash');
  });

  it('takes any name for a name', () => {
    expect(parseUsers('__proto__:x').get('__proto__')).toBe('x');
    expect(parseUsers('alice:x').get('constructor')).toBeUndefined();
  });
});
