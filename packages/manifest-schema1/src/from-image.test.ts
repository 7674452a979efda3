import { digestOf, type Digest, type Manifest } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { EMPTY_LAYER, EMPTY_LAYER_DIGEST } from './empty-layer.ts';
import { libtrust, registry } from './fixtures/vectors.ts';
import { convertImage } from './from-image.ts';
import { generateSigningKey } from './signing-key.ts';

const signingKey = generateSigningKey();

function convert(config: string | Uint8Array, layers: readonly string[] = []): Manifest {
  return convertImage({
    config: Buffer.from(config),
    layers: layers.map((digest) => ({ digest: digest as Digest })),
    repository: 'library/app',
    tag: '1.0',
    signingKey,
  });
}

describe('an image that is converted to schema 1', () => {
  it.each(libtrust.conversions)('has the bytes that distribution makes: $name', (vector) => {
    const { canonical } = convert(vector.config, vector.layers);
    expect(Buffer.from(canonical ?? []).toString()).toBe(vector.canonical);
  });

  it('has the bytes that docker-registry 2.8 serves', () => {
    const { layers } = JSON.parse(registry.manifest) as { layers: { digest: Digest }[] };
    const { payload } = convertImage({
      config: Buffer.from(registry.config),
      layers,
      repository: 'library/new',
      tag: '1.0',
      signingKey,
    });
    const unsigned = (document: string) => document.slice(0, document.indexOf('"signatures"'));
    expect(unsigned(Buffer.from(payload).toString())).toBe(unsigned(registry.converted));
  });

  it('has a digest that no key changes', () => {
    const [{ config, layers }] = libtrust.conversions as [(typeof libtrust.conversions)[0]];
    const digests = [generateSigningKey(), generateSigningKey()].map((key) =>
      digestOf(
        convertImage({
          config: Buffer.from(config),
          layers: layers.map((digest) => ({ digest: digest as Digest })),
          repository: 'a',
          tag: 'b',
          signingKey: key,
        }).canonical ?? new Uint8Array(),
      ),
    );
    expect(digests[0]).toBe(digests[1]);
  });

  it('names an empty layer that is what it says', () => {
    expect(digestOf(EMPTY_LAYER)).toBe(EMPTY_LAYER_DIGEST);
  });
});

const layer = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';
const rootfs = '"rootfs":{"diff_ids":["a"]}';

describe('an image is not converted when', () => {
  it.each<[reason: string, config: string | Uint8Array]>([
    ['the config is not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
    ['the config begins with a byte order mark', `\ufeff{${rootfs},"history":[{}]}`],
    ['the config is not JSON', '{'],
    ['the config is a list', '[]'],
    ['there is no history', `{${rootfs}}`],
    ['the history is empty', `{${rootfs},"history":[]}`],
    ['the history is null', `{${rootfs},"history":null}`],
    ['the history is text', `{${rootfs},"history":"long"}`],
    ['an entry of the history is text', `{${rootfs},"history":["long",{}]}`],
    ['there is no rootfs', '{"history":[{}]}'],
    ['rootfs is a list', '{"rootfs":[],"history":[{}]}'],
    ['diff_ids is an object', '{"rootfs":{"diff_ids":{}},"history":[{}]}'],
    ['there are fewer layers than diff_ids', '{"rootfs":{"diff_ids":["a","b"]},"history":[{}]}'],
    ['there are more layers than diff_ids', '{"rootfs":{"diff_ids":[]},"history":[{}]}'],
    ['the history is about more layers', `{${rootfs},"history":[{},{}]}`],
    ['the history is endless', `{${rootfs},"history":[${'{"empty_layer":true},'.repeat(4096)}{}]}`],
    ['empty_layer is text', `{${rootfs},"history":[{"empty_layer":"no"}]}`],
    ['created_by is a number', `{${rootfs},"history":[{"created_by":5},{}]}`],
    ['architecture is a number', `{${rootfs},"history":[{}],"architecture":5}`],
    ['a time is a number', `{${rootfs},"history":[{"created":5}]}`],
    ['a time is no time', `{${rootfs},"history":[{"created":"yesterday"}]}`],
    ['a day is not in the calendar', `{${rootfs},"history":[{"created":"2015-02-29T00:00:00Z"}]}`],
    ['an hour is not on the clock', `{${rootfs},"history":[{"created":"2015-02-28T24:00:00Z"}]}`],
    [
      'an offset is not on the clock',
      `{${rootfs},"history":[{"created":"2015-02-28T23:00:00+24:00"}]}`,
    ],
    ['a time has no offset', `{${rootfs},"history":[{"created":"2015-02-28T23:00:00"}]}`],
    [
      'the manifest would be too large',
      `{${rootfs},"history":[{}],"x":"${'<'.repeat(1_000_000)}"}`,
    ],
  ])('%s', (_reason, config) => {
    expect(() => convert(config, [layer])).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID' }),
    );
  });
});
