import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../config/load.ts';
import { runCommand } from '../fixtures/run-command.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';

describe('purser config', () => {
  let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
  let file = '';

  beforeEach(async () => {
    directory = await createTemporaryDirectory();
    file = join(directory.path, 'config.yml');
  });
  afterEach(() => directory[Symbol.asyncDispose]());

  const write = (text: string) => writeFile(file, `version: 0.1\n${text}`);
  const check = (...words: string[]) => runCommand(['config', 'check', file, ...words]);

  it('check says that a configuration is good, and what a server would do', async () => {
    await write(`storage: { filesystem: { rootdirectory: /srv }, delete: { enabled: true } }
http: { addr: ":5000", prefix: /r/ }
auth: { htpasswd: { realm: r, path: /etc/htpasswd } }
proxy: { remoteurl: "https://user:hunter2@registry.example", upstreams: [{ prefix: quay.io, remoteurl: "https://quay.io" }] }
notifications: { endpoints: [{ name: ci, url: "https://ci.example/events" }, { name: off, url: "http://h", disabled: true }] }
`);
    expect(await check('--no-files')).toEqual({
      status: 0,
      errors: '',
      output: `${file}: the configuration is good
  listens on every interface, port 5000, and answers below /r/v2/
  keeps content in the directory /srv; clients may delete
  lets in the users of /etc/htpasswd, to do everything
  pulls through https://***@registry.example
  pulls through https://quay.io as quay.io
  tells ci (https://ci.example/events) what happens
  unlike distribution: http.draintimeout: 30s when it is not written; distribution ends requests at once
`,
    });
  });

  it('check tells warnings apart, which are a failure when it is to be strict', async () => {
    await write('storage: inmemory\nhttp: { adr: x }\n');
    const warned = {
      status: 0,
      errors: `warning: ${file}:3:9: http.adr: unknown key, ignored; did you mean http.addr?\n`,
    };
    expect(await check()).toMatchObject(warned);
    expect((await check()).output).toContain('the configuration is good, with 1 warning\n');
    expect(await check('--strict')).toMatchObject({ ...warned, status: 1 });
  });

  it('check tells every problem, each on a line', async () => {
    await write('storage: floppy\nhttp: { adr: x, net: udp }\n');
    expect(await check()).toEqual({
      status: 1,
      output: '',
      errors: `warning: ${file}:3:9: http.adr: unknown key, ignored; did you mean http.addr?
${file}:2:10: storage.floppy: unknown storage driver; expected filesystem, gcs, inmemory, or a module that exports a driver
${file}:3:22: http.net: expected tcp or unix, found udp
${file}: 2 problems; a server would not start
`,
    });
  });

  it('check finds the file by the environment, and knows one that is not there', async () => {
    const environment = { REGISTRY_CONFIGURATION_PATH: join(directory.path, 'nowhere.yml') };
    const { status, errors } = await runCommand(['config', 'check'], { environment });
    expect([status, errors]).toEqual([
      1,
      `${directory.path}/nowhere.yml: there is no such configuration file\n${directory.path}/nowhere.yml: 1 problem; a server would not start\n`,
    ]);
  });

  it('print prints what counts, with the environment applied, and it loads again', async () => {
    await write('storage: inmemory\nhttp: { adr: x, secret: hunter2 }\n');
    const environment = { REGISTRY_HTTP_ADDR: ':1' };
    const { status, output, errors } = await runCommand(['config', 'print', file], { environment });
    expect([status, errors]).toEqual([0, expect.stringMatching(/^warning: .*http\.adr/)]);
    expect(output).toContain('  addr: :1 # REGISTRY_HTTP_ADDR\n');
    expect(output).not.toContain('hunter2');
    expect(parseConfig(output).config.http.listen).toMatchObject({ port: 1 });
  });

  it('schema prints a JSON Schema of draft 2020-12', async () => {
    const { status, output, errors } = await runCommand(['config', 'schema']);
    expect([status, errors]).toEqual([0, '']);
    expect(JSON.parse(output)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: ['version'],
    });
  });
});
