import { rmSync } from 'node:fs';
import { mkdtemp, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@purser/external-programs';
import { RegistryProcess, type RegistryProcessOptions } from './registry-process.ts';
import type { RegistryProgram } from './registry-program.ts';

export interface SandboxOptions {
  /** Where to make the folder. */
  readonly parent: string;
  /** The start of its name. */
  readonly prefix: string;
  /** Leaves the folder when all is over, to look into. Default `false`. */
  readonly keepsFolder?: boolean | undefined;
}

export interface StartOptions {
  /** Folder of the registry's storage, inside the sandbox. */
  readonly root: string;
  /** A free one when absent. */
  readonly port?: number | undefined;
  /** See `RegistryProcessOptions`. */
  readonly configure?: RegistryProcessOptions['configure'];
}

/** A folder and the registries that run in it. Both are gone when it is disposed of, and when the program is stopped. */
export class Sandbox implements AsyncDisposable {
  readonly folder: string;
  readonly #keepsFolder: boolean;
  readonly #running = new Set<RegistryProcess>();
  readonly #onSignal = (signal: NodeJS.Signals) => {
    for (const registry of this.#running) registry.killNow();
    this.#remove();
    process.stderr.write(`\nStopped by ${signal}; everything is cleaned up.\n`);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };

  private constructor(folder: string, keepsFolder: boolean) {
    this.folder = folder;
    this.#keepsFolder = keepsFolder;
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
  }

  static async create({ parent, prefix, keepsFolder = false }: SandboxOptions): Promise<Sandbox> {
    return new Sandbox(await mkdtemp(join(parent, prefix)), keepsFolder);
  }

  /** Starts a registry and waits until it answers. */
  async start(
    program: RegistryProgram,
    { root, port, configure }: StartOptions,
  ): Promise<RegistryProcess> {
    const chosen = port ?? (await freePort());
    this.#forgetEnded();
    return RegistryProcess.start(program, {
      rootDirectory: join(this.folder, root),
      configPath: join(this.folder, `${program.name}-${chosen}.yml`),
      port: chosen,
      configure,
      onSpawn: (registry) => void this.#running.add(registry),
    });
  }

  /** Bytes that can still be stored. */
  async freeSpace(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((registry) => registry.kill()));
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
    this.#remove();
  }

  #forgetEnded(): void {
    for (const registry of this.#running) if (!registry.isRunning) this.#running.delete(registry);
  }

  #remove(): void {
    if (this.#keepsFolder) process.stderr.write(`The folder is kept: ${this.folder}\n`);
    else rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
