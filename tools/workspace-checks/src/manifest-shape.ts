import type { PackageManifest } from './workspace.ts';

/** The keys that a package.json may have, in their order. */
const KEYS = [
  'name',
  'version',
  'description',
  'license',
  'files',
  'type',
  'sideEffects',
  'exports',
  'publishConfig',
  'scripts',
  'dependencies',
  'devDependencies',
  'peerDependencies',
  'engines',
  'nx',
];

/** The keys whose values are the same in every package of a layer. */
const FIXED = [
  'name',
  'license',
  'files',
  'type',
  'sideEffects',
  'publishConfig',
  'scripts',
  'engines',
  'nx',
];

const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const RANGE_OF_PEER = /^\^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

type Json = Readonly<Record<string, unknown>>;

/** How a package.json differs from the one that a new package of its name and layer would get. */
export function manifestFaults(actual: PackageManifest, expected: PackageManifest): string[] {
  const [found, wanted]: [Json, Json] = [{ ...actual }, { ...expected }];
  return [
    ...keyFaults(found, wanted),
    ...FIXED.filter((key) => !isSame(found[key], wanted[key])).map(
      (key) => `${key}: expected ${text(wanted[key])}`,
    ),
    ...(VERSION.test(actual.version) ? [] : ['version: expected three numbers']),
    ...exportFaults(section(found, 'exports'), section(wanted, 'exports')),
    ...peerFaults(section(found, 'peerDependencies'), section(wanted, 'peerDependencies')),
  ];
}

function keyFaults(found: Json, wanted: Json): string[] {
  const keys = Object.keys(found);
  const unknown = keys.filter((key) => !KEYS.includes(key));
  const missing = Object.keys(wanted).filter((key) => !(key in found));
  const order = KEYS.filter((key) => keys.includes(key));
  const known = keys.filter((key) => KEYS.includes(key));
  return [
    ...unknown.map((key) => `${key}: the common shape has no such key`),
    ...missing.map((key) => `${key}: missing`),
    ...(isSame(known, order) ? [] : [`keys: expected the order ${order.join(', ')}`]),
  ];
}

/** Sub-paths may be added; each is a folder of `src` with an index. */
function exportFaults(found: Json, wanted: Json): string[] {
  const paths = Object.keys(found);
  const faults = paths
    .filter((path) => !isSame(found[path], path in wanted ? wanted[path] : subpath(path)))
    .map((path) => `exports: ${path}: expected ${text(wanted[path] ?? subpath(path))}`);
  const isOrdered = paths[0] === '.' && paths.at(-1) === './package.json';
  return isOrdered ? faults : [...faults, 'exports: expected "." first, "./package.json" last'];
}

function subpath(path: string): Json {
  const folder = path.replace('./', '');
  return {
    '@purser/source': `./src/${folder}/index.ts`,
    types: `./dist/${folder}/index.d.ts`,
    default: `./dist/${folder}/index.js`,
  };
}

/** The peers of a layer, in any version: releases move the ranges. */
function peerFaults(found: Json, wanted: Json): string[] {
  const [names, expected] = [Object.keys(found), Object.keys(wanted)];
  if (!isSame(names, expected)) {
    return [`peerDependencies: expected ${expected.join(', ') || 'none'}`];
  }
  return names
    .filter((name) => !RANGE_OF_PEER.test(String(found[name])))
    .map((name) => `peerDependencies: ${name}: expected a range such as ^0.1.0`);
}

function section(manifest: Json, key: string): Json {
  return (manifest[key] ?? {}) as Json;
}

/** Compares the order of keys as well: the first condition that fits is taken. */
function isSame(a: unknown, b: unknown): boolean {
  return text(a) === text(b);
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
