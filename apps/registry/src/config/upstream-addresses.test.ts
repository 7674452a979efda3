import { expect, it } from 'vitest';
import { parseConfig } from './load.ts';

const warningsFor = (url: string) =>
  parseConfig(`version: 0.1\nstorage: inmemory\nproxy: { remoteurl: "${url}" }\n`).warnings;

it.each(['https://docker.io', 'https://hub.docker.com/', 'http://www.docker.com/v2'])(
  'warns that no registry answers at %s, and names the address of Docker Hub',
  (url) => {
    expect(warningsFor(url)).toEqual([
      expect.stringMatching(
        /^config\.yml:3:21: proxy\.remoteurl: no registry.*https:\/\/registry-1\.docker\.io$/,
      ),
    ]);
  },
);

it.each(['https://r.example/v2', 'https://r.example/v2/', 'https://r.example/mirror/v1/'])(
  'warns of the path of the API in %s',
  (url) => {
    expect(warningsFor(url)).toEqual([expect.stringMatching(/write the URL without \/v[12]$/)]);
  },
);

it.each(['https://registry-1.docker.io', 'https://r.example/mirror', 'https://v2.example/av2'])(
  'warns of nothing in %s',
  (url) => {
    expect(warningsFor(url)).toEqual([]);
  },
);

it('looks at every upstream', () => {
  const { warnings } = parseConfig(`version: 0.1
storage: inmemory
proxy: { upstreams: [{ prefix: a, remoteurl: "https://a.example" }, { prefix: hub, remoteurl: "https://docker.io" }] }
`);
  expect(warnings).toEqual([expect.stringContaining('proxy.upstreams.1.remoteurl: no registry')]);
});
