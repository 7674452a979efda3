import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleNotification } from '../fixtures/notifications.ts';
import { formatRecord, parseRecord, splitLines } from './record.ts';

const CHECKSUM_END = 8;

describe('records', () => {
  it('are read as they were written, whatever the text', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string({ unit: 'binary' }), (sequence, text) => {
        const only = text.toWellFormed();
        const entry = { ...sampleNotification(1), only };
        const { lines, length } = splitLines(formatRecord(sequence, JSON.stringify(entry)));
        expect(lines).toHaveLength(1);
        expect(length).toBeGreaterThan(0);
        const record = parseRecord(lines[0] as Buffer);
        expect([record?.sequence, record?.entry.only]).toEqual([sequence, only]);
      }),
    );
  });

  it('are not read when one byte of them is another', () => {
    const line = formatRecord(7, JSON.stringify(sampleNotification(1))).subarray(0, -1);
    fc.assert(
      fc.property(
        // The byte after the checksum is a mere separator.
        fc.nat({ max: line.byteLength - 1 }).filter((index) => index !== CHECKSUM_END),
        fc.integer({ min: 1, max: 255 }),
        (index, change) => {
          const damaged = Buffer.from(line);
          damaged[index] = (damaged[index] ?? 0) ^ change;
          expect(parseRecord(damaged)).toBeUndefined();
        },
      ),
    );
  });

  it('are not read from a line that is too short', () => {
    expect(parseRecord(Buffer.from(''))).toBeUndefined();
    expect(parseRecord(Buffer.from('00'))).toBeUndefined();
  });
});
