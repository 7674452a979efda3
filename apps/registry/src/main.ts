import { EventEmitter, on, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { boundYoungGeneration } from './young-generation.ts';

boundYoungGeneration();
const { runCommandLine } = await import('./command-line.ts');
const { findTerminal } = await import('./find-terminal.ts');
const { createLinesWriter, linesOf } = await import('./show/lines-writer.ts');

// Whoever reads the logs may go away; that must not end the registry.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

// A signal that comes before anyone waits for it is kept; with another one the process ends as if it heeded none.
const requests = new EventEmitter();
const signals = on(requests, 'stop');
const isStopped = once(requests, 'stop');
let unheeded = 0;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => requestStop(signal));

const writeOutput = createLinesWriter((text) => void process.stdout.write(text));
const status = await runCommandLine(process.argv.slice(2), {
  pid: process.pid,
  environment: process.env,
  writeOutput,
  writeError: createLinesWriter((text) => void process.stderr.write(text)),
  writeContent(content) {
    if (process.stdout.isTTY) writeOutput(linesOf(Buffer.from(content).toString()));
    else process.stdout.write(content);
  },
  terminal: findTerminal(),
  // Not opened unless a command reads it.
  get input() {
    return process.stdin;
  },
  async nextSignal() {
    const { value } = await signals.next();
    unheeded--;
    return (value as [string])[0];
  },
  reloadRequests() {
    const isAtTerminal = isatty(0);
    process.on('SIGHUP', () => {
      // A terminal that goes away takes with it what runs there.
      const isHangup = isAtTerminal && !isatty(0);
      if (isHangup) requestStop('SIGHUP');
      else requests.emit('reload', 'SIGHUP');
    });
    return on(requests, 'reload');
  },
});

// A pipe takes no more than whoever reads it leaves room for. Someone who wants the end does not wait for a reader long.
await Promise.race([
  Promise.all([process.stdout, process.stderr].map(untilWritten)),
  isStopped.then(() => setTimeout(1000)),
]);
process.exit(status);

function requestStop(signal: NodeJS.Signals): void {
  unheeded++;
  if (unheeded === 1) return void requests.emit('stop', signal);
  // An exit would wait for storage that hangs. The first process of a container ends by no signal of its own.
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  process.exit(1);
}

function untilWritten(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
