import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GO_PACKAGES, sourceOf } from './go-packages.ts';
import { findGoProgram, findOrBuild, needGoPrograms, ProgramNotAvailable } from './go-programs.ts';

const chmod = '/bin/chmod';

describe('programs in Go', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'go-programs-'));
    const unset = ['GOBIN', 'GOPATH', 'PURSER_ORAS', 'PURSER_DISTRIBUTION'];
    const switches = ['PURSER_BUILD_PROGRAMS', 'PURSER_REQUIRE_PROGRAMS'];
    for (const name of [...unset, ...switches]) vi.stubEnv(name, '');
    vi.stubEnv('HOME', join(folder, 'home'));
    vi.stubEnv('PATH', join(folder, 'bin'));
    vi.stubEnv('PURSER_PROGRAM_CACHE', join(folder, 'cache'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  async function put(path: string, script = ''): Promise<string> {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return file;
  }

  const ORAS = `oras@${GO_PACKAGES.oras.version}`;

  it('are taken from their variable first, then from the cache, the path, the folders of Go', async () => {
    expect(findGoProgram('oras')).toBeUndefined();
    const ofGo = await put('home/go/bin/oras');
    expect(findGoProgram('oras')).toBe(ofGo);
    const ofGoPath = await put('go/bin/oras');
    vi.stubEnv('GOPATH', join(folder, 'go'));
    expect(findGoProgram('oras')).toBe(ofGoPath);
    const ofPath = await put('bin/oras');
    expect(findGoProgram('oras')).toBe(ofPath);
    const cached = await put(`cache/${ORAS}/oras`);
    expect(findGoProgram('oras')).toBe(cached);
    const named = await put('elsewhere/anything');
    vi.stubEnv('PURSER_ORAS', named);
    expect(findGoProgram('oras')).toBe(named);
  });

  it('are not looked for elsewhere when their variable names what cannot be run', async () => {
    await put('bin/oras');
    const missing = join(folder, 'missing');
    vi.stubEnv('PURSER_ORAS', missing);
    expect(() => findGoProgram('oras')).toThrow(
      new ProgramNotAvailable(`PURSER_ORAS is ${missing}, which cannot be run`),
    );
  });

  it('are not taken for another program whose command is the same', async () => {
    await put('bin/registry');
    await put('home/go/bin/registry');
    expect(findGoProgram('distribution')).toBeUndefined();
  });

  it('are needed with a reason that says how to get them', async () => {
    expect(needGoPrograms('oras')).toEqual({
      isUnmet: true,
      note: ` [skipped: needs oras (PURSER_ORAS; or Go and PURSER_BUILD_PROGRAMS=1, for go install ${sourceOf('oras')})]`,
    });
    await put('bin/oras');
    expect(needGoPrograms('oras')).toEqual({ isUnmet: false, note: '' });
  });

  it('are needed with an error where a skip is a failure, unless Go can build them', async () => {
    vi.stubEnv('PURSER_REQUIRE_PROGRAMS', '1');
    expect(() => needGoPrograms('oras')).toThrow('needs oras');
    await put('bin/go');
    expect(needGoPrograms('oras')).toEqual({ isUnmet: false, note: '' });
  });

  it('are skipped even there when building them takes long, unless that is asked for', async () => {
    vi.stubEnv('PURSER_REQUIRE_PROGRAMS', '1');
    await put('bin/go');
    expect(needGoPrograms('distribution')).toMatchObject({ isUnmet: true });
    vi.stubEnv('PURSER_BUILD_PROGRAMS', '1');
    expect(needGoPrograms('distribution')).toEqual({ isUnmet: false, note: '' });
  });

  it('are built into the cache once, however many want them at a time', async () => {
    const go = await put('bin/go', `echo "$2" > "$GOBIN/oras"; ${chmod} 755 "$GOBIN/oras"`);
    const onBuild = vi.fn<() => void>();
    const [program, same] = await Promise.all([
      findOrBuild('oras', onBuild),
      findOrBuild('oras', onBuild),
    ]);
    expect(same).toBe(program);
    expect(program).toBe(join(folder, `cache/${ORAS}/oras`));
    expect(await readFile(program, 'utf8')).toBe(`${sourceOf('oras')}\n`);
    await rm(go);
    expect(await findOrBuild('oras', onBuild)).toBe(program);
    expect(onBuild).toHaveBeenCalledOnce();
  });

  it('are not to be had without Go, nor when the build fails', async () => {
    await expect(findOrBuild('oras')).rejects.toThrow(
      'oras is a Go program, and building it needs Go 1.21 or newer',
    );
    await put('bin/go', 'echo "no route to the proxy" >&2; exit 1');
    await expect(findOrBuild('oras')).rejects.toThrow(
      new ProgramNotAvailable(`go install ${sourceOf('oras')} failed: no route to the proxy`),
    );
  });
});
