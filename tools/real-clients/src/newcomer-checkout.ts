import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, sep } from 'node:path';

const WORKSPACE = join(import.meta.dirname, '../../..');
const NEEDED = ['package.json', 'node_modules', 'packages', 'apps', 'tools'];

/** A folder that looks like this checkout to npm, and whose `registry-data` is its own. */
export async function createCheckout(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-newcomer-'));
  for (const name of NEEDED) await symlink(join(WORKSPACE, name), join(folder, name));
  return folder;
}

export async function removeCheckout(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** A command line as a newcomer types it, without the Node.js of this workspace on the path. */
export class TypedCommand implements AsyncDisposable {
  output = '';
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  constructor(line: string, folder: string, environment: Readonly<Record<string, string>> = {}) {
    const [command = '', ...words] = line.split(' ');
    this.#child = spawn(command, words, {
      cwd: folder,
      env: { HOME: process.env['HOME'], PATH: systemPath(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that nothing it started is left when a test fails.
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.#closed = once(this.#child, 'close');
  }

  /** Waits for a text in what it prints. @throws Error when it ends without it. */
  async until(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      const more = [this.#child.stdout, this.#child.stderr].map((stream) => once(stream!, 'data'));
      const hasEnded = await Promise.race([this.#closed.then(() => true), ...more]);
      if (hasEnded === true) throw new Error(`ended without ${String(pattern)}: ${this.output}`);
    }
  }

  /** Sends SIGINT to the process that was started, and to no other. */
  terminate(): void {
    this.#child.kill('SIGINT');
  }

  /** Sends SIGINT to it and all that it started. */
  terminateGroup(): void {
    this.#signalGroup('SIGINT');
  }

  /** Waits until it, and all that it started, have ended. @throws Error after `limitMs`. */
  async ended(limitMs: number): Promise<void> {
    const limit = AbortSignal.timeout(limitMs);
    const late = once(limit, 'abort').then(() => {
      throw new Error(`still there after ${limitMs} ms: ${this.output}`);
    });
    await Promise.race([this.#closed, late]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signalGroup('SIGKILL');
    await this.#closed;
  }

  #signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.#child.pid ?? 0), signal);
    } catch {
      // The group is gone already.
    }
  }
}

function systemPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.filter((folder) => !folder.split(sep).includes('node_modules')).join(delimiter);
}

export async function isListening(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
