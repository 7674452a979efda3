import { RegistryError, type Platform } from '@purser/core';

const PART = /^[A-Za-z0-9_.-]+$/;

/** How else the systems and architectures of Go are written, with the variant that the other name implies. */
const ARCHITECTURES: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  i386: ['386'],
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};

/** What an image without a variant is, and one of that variant. */
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { amd64: 'v1', arm: 'v7', arm64: 'v8' };

/**
 * Reads a platform as container tools write it: `linux/arm64`, `linux/arm/v7`.
 *
 * @throws RegistryError `PARAMETER_INVALID` when it is not of that form.
 */
export function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant, ...others] = text.split('/');
  const parts = [os, architecture, ...(variant === undefined ? [] : [variant])];
  if (others.length > 0 || !parts.every((part) => PART.test(part))) {
    throw new RegistryError('PARAMETER_INVALID', {
      message: `malformed platform ${text.slice(0, 64)}: expected os/architecture or os/architecture/variant, such as linux/arm64`,
      detail: { platform: text.slice(0, 64) },
    });
  }
  return { os, architecture, ...(variant !== undefined && { variant }) };
}

/** As `parsePlatform` reads it. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

/**
 * How well an image runs where another is asked for: 0 when it is just that, higher when it is for an older variant of
 * the same processor, `undefined` when it does not run there.
 *
 * @see containerd, platforms/compare.go, `Only`; an image for another architecture is never taken.
 */
export function distanceTo(wanted: Platform, offered: Platform): number | undefined {
  const [want, offer] = [normalize(wanted), normalize(offered)];
  if (want.os !== offer.os || want.architecture !== offer.architecture) return undefined;
  if (want.variant === offer.variant) return 0;
  const [newest, older] = [numberOf(want.variant), numberOf(offer.variant)];
  if (newest === undefined || older === undefined || older > newest) return undefined;
  return newest - older;
}

function normalize(
  platform: Platform,
): Required<Pick<Platform, 'os' | 'architecture' | 'variant'>> {
  const written = platform.architecture.toLowerCase();
  const [architecture, implied] = ARCHITECTURES[written] ?? [written];
  const variant = (platform.variant || implied || DEFAULT_VARIANTS[architecture]) ?? '';
  const os = platform.os.toLowerCase();
  return {
    os: os === 'macos' ? 'darwin' : os,
    architecture,
    variant: /^[0-9]/.test(variant) ? `v${variant}` : variant.toLowerCase(),
  };
}

/** 7 of `v7`. */
function numberOf(variant: string): number | undefined {
  const digits = /^v([0-9]{1,3})$/.exec(variant)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
