import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Credentials } from '@purser/client';

/** A helper that hangs must not hang the pulls that wait for it. */
const TIMEOUT_MS = 30_000;

/**
 * Asks a program for the credentials of a registry: `<command> get`, the host on its standard input.
 *
 * @returns `undefined` when it has none.
 * @throws Error when it cannot be run, fails, or answers what is no answer; it does not tell what was answered.
 * @see docker-credential-helpers, "Development"; distribution, `proxy.exec`.
 */
export async function askCredentialHelper(
  command: string,
  host: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Credentials | undefined> {
  const ended = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
  const child = spawn(command, ['get'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    signal: AbortSignal.any(ended),
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // Who does not read its input has closed it: what counts is what it answers.
  child.stdin.on('error', () => {});
  child.stdin.end(host);
  const [answer, code] = await Promise.all([text(child.stdout), exited]);
  if (/credentials not found/i.test(answer)) return undefined;
  if (code !== 0) throw new Error(`${command} failed with exit code ${code}`);
  return parseAnswer(answer, command);
}

/** The user name by which a helper says that the secret is a token. */
const TOKEN = '<token>';

function parseAnswer(answer: string, command: string): Credentials {
  try {
    const { Username: username, Secret: secret } = JSON.parse(answer) as Record<string, unknown>;
    if (typeof username === 'string' && typeof secret === 'string') {
      if (username === TOKEN) return { identityToken: secret };
      return { username, password: secret };
    }
  } catch {
    // Told below: the parser's message would show a piece of the answer.
  }
  throw new Error(`${command} answered without Username and Secret`);
}
