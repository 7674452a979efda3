/** The layers a library may belong to, with the packages that each plugs into: its peers (see ARCHITECTURE.md). */
export const PEERS_BY_LAYER = {
  core: [],
  'driver-api': [],
  format: ['core'],
  storage: ['core', 'storage-driver'],
  driver: ['storage-driver'],
  service: ['core'],
  http: ['core'],
} as const satisfies Record<string, readonly string[]>;

export type Layer = keyof typeof PEERS_BY_LAYER;

export function isLayer(text: string | undefined): text is Layer {
  return text !== undefined && Object.hasOwn(PEERS_BY_LAYER, text);
}

export interface NewPackage {
  /** Without the scope: `storage-driver-s3`. */
  readonly name: string;
  readonly layer: Layer;
  /** One sentence; it becomes the first line of the README. */
  readonly description: string;
}

/** The files of a package of the common shape: path inside the package to content. */
export function packageFiles(wanted: NewPackage): ReadonlyMap<string, string> {
  return new Map([
    ['package.json', json(manifest(wanted))],
    ['tsconfig.json', json(tsconfig)],
    ['tsconfig.build.json', json(tsconfigBuild)],
    ['vitest.config.ts', vitestConfig],
    ['README.md', readme(wanted)],
    [
      'src/index.ts',
      `/**\n * ${wanted.description}\n *\n * @packageDocumentation\n */\nexport {};\n`,
    ],
  ]);
}

function manifest({ name, layer, description }: NewPackage): object {
  const peers = PEERS_BY_LAYER[layer].map((peer) => [`@purser/${peer}`, '^0.1.0']);
  return {
    name: `@purser/${name}`,
    version: '0.1.0',
    description,
    license: 'Apache-2.0',
    files: [
      'dist',
      'src',
      '!**/*.test.ts',
      '!**/*.bench.ts',
      '!**/fixtures/**',
      '!**/*.tsbuildinfo',
    ],
    type: 'module',
    sideEffects: false,
    exports: {
      '.': {
        '@purser/source': './src/index.ts',
        types: './dist/index.d.ts',
        default: './dist/index.js',
      },
      './package.json': './package.json',
    },
    publishConfig: { access: 'public' },
    scripts: {
      build: 'tsc -p tsconfig.build.json',
      typecheck: 'tsc -p tsconfig.json',
      lint: 'oxlint -c ../../.oxlintrc.json .',
      test: 'vitest run',
      'package-check': 'publint --strict && attw --pack . --profile esm-only',
    },
    ...(peers.length > 0 && { peerDependencies: Object.fromEntries(peers) }),
    engines: { node: '>=24' },
    nx: { tags: [`layer:${layer}`] },
  };
}

const tsconfig = {
  extends: '../../tsconfig.base.json',
  compilerOptions: { noEmit: true },
  include: ['src/**/*.ts', '*.config.ts'],
};

const tsconfigBuild = {
  extends: '../../tsconfig.base.json',
  compilerOptions: { rootDir: 'src', outDir: 'dist', customConditions: [] },
  include: ['src/**/*.ts'],
  exclude: ['src/**/*.test.ts', 'src/**/*.bench.ts', 'src/**/fixtures/**'],
};

const vitestConfig = `import { defaultServerConditions } from 'vite';
import { defineProject } from 'vitest/config';

export default defineProject({
  ssr: { resolve: { conditions: ['@purser/source', ...defaultServerConditions] } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
`;

function readme({ name, description }: NewPackage): string {
  const sections = ['Install', 'Use', 'API', 'What it supports', 'Limits'];
  const install = `\`\`\`sh\nnpm install @purser/${name}\n\`\`\``;
  return [
    `# @purser/${name}`,
    description,
    ...sections.map((title) => (title === 'Install' ? `## ${title}\n\n${install}` : `## ${title}`)),
  ]
    .join('\n\n')
    .concat('\n');
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
