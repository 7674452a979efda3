import { execFile } from 'node:child_process';
import { isObject } from '@purser/core';
import { displayText } from '../transport/display.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import type { Credentials } from './credentials.ts';

interface HelperOptions {
  /** Longest run in milliseconds; then the program is killed. Default 60,000: helpers may ask a person. */
  readonly timeoutMs?: number | undefined;
  /** The environment of the program. Default: that of this process. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** No answer is longer. */
const LONGEST_OUTPUT = 64 * 1024;

/** A user name that says that the secret is an identity token. */
const TOKEN_USER = '<token>';

/** How helpers say that they have nothing. @see docker-credential-helpers, "Development". */
const NOTHING = /credentials not found|no credentials (server url|username)/i;

/**
 * A program `docker-credential-<name>`, which keeps credentials, as a keychain of the desktop does.
 *
 * Each call runs it once, and throws RegistryClientError `UNAUTHORIZED` when it is not there, fails, answers what cannot
 * be read or more than 64 KiB, or takes too long.
 */
export class CredentialHelper {
  readonly #program: string;
  readonly #options: HelperOptions;

  /** @throws RegistryClientError `UNAUTHORIZED` when the name is none of a program. */
  constructor(name: string, options: HelperOptions = {}) {
    if (!/^\w[\w.-]*$/.test(name)) {
      throw new RegistryClientError('UNAUTHORIZED', {
        message: `${JSON.stringify(name)} is no name of a credential helper`,
      });
    }
    this.#program = `docker-credential-${name}`;
    this.#options = options;
  }

  /** `undefined` when it has none. */
  async get(key: string, signal?: AbortSignal): Promise<Credentials | undefined> {
    const { output, failure } = await this.#run('get', key, signal);
    if (failure !== undefined) {
      if (NOTHING.test(output)) return undefined;
      throw failure;
    }
    const answer = parse(output);
    const { Username: username, Secret: secret } = answer ?? {};
    if (typeof username !== 'string' || typeof secret !== 'string') {
      throw this.#failure('answers what cannot be read');
    }
    if (username === TOKEN_USER) return { identityToken: secret };
    return username === '' && secret === '' ? undefined : { username, password: secret };
  }

  /** @throws RegistryClientError also `UNSUPPORTED` for an access token, which helpers do not keep. */
  async store(key: string, credentials: Credentials, signal?: AbortSignal): Promise<void> {
    if ('registryToken' in credentials) {
      throw new RegistryClientError('UNSUPPORTED', {
        message: `${this.#program} keeps passwords and identity tokens, and no access tokens`,
      });
    }
    const [username, secret] =
      'identityToken' in credentials
        ? [TOKEN_USER, credentials.identityToken]
        : [credentials.username, credentials.password];
    const input = JSON.stringify({ ServerURL: key, Username: username, Secret: secret });
    const { failure } = await this.#run('store', input, signal);
    if (failure !== undefined) throw failure;
  }

  /** Whether there was something to erase. */
  async erase(key: string, signal?: AbortSignal): Promise<boolean> {
    const { output, failure } = await this.#run('erase', key, signal);
    if (failure === undefined) return true;
    if (NOTHING.test(output)) return false;
    throw failure;
  }

  #run(
    action: string,
    input: string,
    signal = this.#options.signal,
  ): Promise<{ output: string; failure: RegistryClientError | undefined }> {
    const { timeoutMs = 60_000, environment } = this.#options;
    const options = {
      timeout: timeoutMs,
      maxBuffer: LONGEST_OUTPUT,
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
      ...(environment === undefined ? {} : { env: environment }),
    } as const;
    return new Promise((resolve, reject) => {
      const child = execFile(this.#program, [action], options, (error, output, complaint) => {
        if (signal?.aborted) reject(signal.reason as Error);
        else if (error === null) resolve({ output, failure: undefined });
        else resolve({ output, failure: this.#failure(reasonOf(error, output || complaint)) });
      });
      // A program that does not read its input has its reasons, and tells them by its status.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });
  }

  #failure(reason: string): RegistryClientError {
    return new RegistryClientError('UNAUTHORIZED', { message: `${this.#program} ${reason}` });
  }
}

function reasonOf(error: Error, said: string): string {
  const { code, killed } = error as Error & { code?: unknown; killed?: boolean };
  if (code === 'ENOENT') return 'is not installed, or not on PATH';
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'answers too much';
  if (killed === true) return 'did not end in time';
  const explanation = displayText(said, 200);
  return `failed (${String(code)})${explanation === '' ? '' : `: ${explanation}`}`;
}

function parse(output: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const answer: unknown = JSON.parse(output);
    return isObject(answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}
