import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import type { CommandTerminal } from './commands/serve.ts';
import { Stopped } from './commands/stop-on-signal.ts';
import { escapeControls } from './observe/escape.ts';

/** The terminal that this process runs at; `undefined` when its output, or its input, is something else. */
export function findTerminal(): CommandTerminal | undefined {
  if (!isatty(0) || !isatty(2) || process.env['TERM'] === 'dumb') return undefined;
  return { stream: process.stderr, ask, askSecret };
}

/** @throws Stopped when no answer comes: Ctrl-C, or the end of the input. */
async function ask(question: string): Promise<string> {
  const stopped = new AbortController();
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // A question that waits for lines that will not come would wait for ever.
  lines.once('close', () => stopped.abort());
  try {
    return (await lines.question(escapeControls(question), { signal: stopped.signal })).trim();
  } catch (error) {
    if (stopped.signal.aborted) throw new Stopped('SIGINT');
    throw error;
  } finally {
    lines.close();
  }
}

/** @throws Stopped */
async function askSecret(message: string): Promise<string> {
  const { default: password } = await import('@inquirer/password');
  try {
    return await password({ message }, { input: process.stdin, output: process.stderr });
  } catch (error) {
    // What it throws when someone leaves has this name, and no class that is exported beside it.
    if ((error as Error).name === 'ExitPromptError') throw new Stopped('SIGINT');
    throw error;
  }
}
