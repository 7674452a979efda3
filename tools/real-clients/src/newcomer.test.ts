import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentOf, createContainerTools, needPrograms } from '@purser/external-programs';
import { Sandbox } from '@purser/registry-under-test';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCheckout, isListening, removeCheckout, TypedCommand } from './newcomer-checkout.ts';
import { buildSmallImage } from './sample-images.ts';

const programs = needPrograms('skopeo', 'buildah');
const DEFAULT_PORT = 5000;
const WELCOME =
  /^Purser \S+ serves http:\/\/127\.0\.0\.1:(\d+) from \.\/registry-data .*\nFirst image: .*\n/m;

describe.each([
  { line: 'npm start', stop: (command: TypedCommand) => command.terminate() },
  // npx runs a shell that does not pass signals on: what stops it has to stop the group, as terminals and systemd do.
  { line: 'npx purser serve', stop: (command: TypedCommand) => command.terminateGroup() },
])('$line without a configuration', ({ line, stop }) => {
  let checkout: string;

  beforeEach(async () => {
    checkout = await createCheckout();
  });

  afterEach(() => removeCheckout(checkout));

  /** On the default address, unless something else on this machine has it. */
  async function type(): Promise<TypedCommand> {
    const isTaken = await isListening(DEFAULT_PORT);
    const environment = isTaken ? { REGISTRY_HTTP_ADDR: '127.0.0.1:0' } : {};
    return new TypedCommand(line, checkout, environment);
  }

  it('says in two lines what it serves, and ends within two seconds of SIGINT', async () => {
    await using command = await type();
    const [, port] = await command.until(WELCOME);
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`);
    expect(answer.status).toBe(200);

    stop(command);
    await command.ended(2000);
    expect(await isListening(Number(port))).toBe(false);
  });

  it.skipIf(programs.isUnmet)(`takes a first image and gives it back${programs.note}`, async () => {
    await using sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-first-' });
    const tools = createContainerTools(sandbox.folder);
    const layout = join(sandbox.folder, 'image');
    await buildSmallImage(tools, { folder: sandbox.folder, layout });
    await using command = await type();
    const [, port] = await command.until(WELCOME);

    const image = `docker://127.0.0.1:${port}/first/image:1.0`;
    const [before, after] = [join(sandbox.folder, 'before'), join(sandbox.folder, 'after')];
    await tools.skopeo('copy', `oci:${layout}`, `dir:${before}`);
    await tools.skopeo('copy', '--dest-tls-verify=false', `dir:${before}`, image);
    await tools.skopeo('copy', '--src-tls-verify=false', image, `dir:${after}`);
    expect(await contentOf(after)).toEqual(await contentOf(before));
    await access(join(checkout, 'registry-data/docker/registry/v2/repositories/first/image'));
  });
});
