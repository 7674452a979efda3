import { describe, expect, it } from 'vitest';
import { distanceTo, formatPlatform, parsePlatform } from './platform.ts';

describe('a platform', () => {
  it.each(['linux/amd64', 'linux/arm/v7', 'windows/amd64'])('is read and written: %s', (text) => {
    expect(formatPlatform(parsePlatform(text))).toBe(text);
  });

  it.each(['', 'linux', 'linux/', '/amd64', 'linux/arm/v7/x', 'linux/a b', 'linux//v7'])(
    'is refused when malformed: %j',
    (text) => {
      expect(() => parsePlatform(text)).toThrow(/malformed platform/);
    },
  );

  it.each([
    ['linux/amd64', 'linux/amd64', 0],
    ['linux/x86_64', 'linux/amd64', 0],
    ['macos/aarch64', 'darwin/arm64', 0],
    ['linux/arm64', 'linux/arm64/v8', 0],
    ['linux/arm64/8', 'linux/arm64', 0],
    ['linux/arm', 'linux/arm/v7', 0],
    ['linux/armhf', 'linux/arm/v7', 0],
    ['linux/arm/v7', 'linux/arm/v6', 1],
    ['linux/arm/v7', 'linux/arm/v5', 2],
    ['linux/arm/v6', 'linux/arm/v7', undefined],
    ['linux/amd64/v3', 'linux/amd64', 2],
    ['linux/amd64', 'linux/amd64/v3', undefined],
    ['linux/arm64', 'linux/arm/v7', undefined],
    ['linux/amd64', 'windows/amd64', undefined],
    ['linux/mips64le/softfloat', 'linux/mips64le/hardfloat', undefined],
  ])('%s runs %s at distance %s', (wanted, offered, distance) => {
    expect(distanceTo(parsePlatform(wanted), parsePlatform(offered))).toBe(distance);
  });
});
