import { hash, verify } from '@node-rs/bcrypt';
import { describe, expect, it } from 'vitest';
import { decoyOf, parseBcryptHash } from './bcrypt-hash.ts';

const written = await hash('wonderland', 4);

describe('a bcrypt hash', () => {
  it.each(['a', 'b', 'y'])('of the version 2%s is read as it is written', (version) => {
    const text = written.replace(/^\$2./, `$2${version}`);
    expect(parseBcryptHash(text)).toEqual({ text, cost: 4 });
  });

  it('whose salt ends with spare bits matches its password, as in distribution', async () => {
    // 'A' to 'N' differ from '.' in the spare bits alone.
    const salt = `${'.'.repeat(21)}.`;
    const canonical = await hash('wonderland', 4, Buffer.alloc(16));
    expect(canonical.slice(7, 29)).toBe(salt);
    const spare = `${canonical.slice(0, 28)}B${canonical.slice(29)}`;
    expect(await verify('wonderland', spare)).toBe(false);
    expect(await verify('wonderland', parseBcryptHash(spare)!.text)).toBe(true);
  });

  it.each([
    '',
    'wonderland',
    '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
    '$apr1$x$y',
    written.replace('$04$', '$03$'),
    written.replace('$04$', '$32$'),
    written.replace('$04$', '$4$'),
    written.replace('$2b$', '$2x$'),
    written.slice(0, -1),
    `${written}.`,
    `${written.slice(0, -1)}z`,
    `${written}\n`,
  ])('is not %j', (entry) => {
    expect(parseBcryptHash(entry)).toBeUndefined();
  });
});

describe('timing: a decoy', () => {
  it('is read as a hash of its cost', () => {
    for (let cost = 4; cost <= 31; cost++) {
      expect(parseBcryptHash(decoyOf(cost))).toEqual({ text: decoyOf(cost), cost });
    }
  });

  it('is hashed, and not refused as malformed', async () => {
    const salt = Buffer.alloc(16);
    expect((await hash('any', 4, salt)).slice(0, 29)).toBe(decoyOf(4).slice(0, 29));
    const before = process.cpuUsage();
    expect(await verify('any', decoyOf(10))).toBe(false);
    // A malformed hash is refused in a thousandth of that.
    expect(process.cpuUsage(before).user).toBeGreaterThan(10_000);
  });
});
