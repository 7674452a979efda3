import { EventEmitter, on } from 'node:events';
import { constants } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { boundYoungGeneration } from './young-generation.ts';

boundYoungGeneration();
const { runCommandLine } = await import('./command-line.ts');
const { findTerminal } = await import('./find-terminal.ts');
const { createLinesWriter, linesOf } = await import('./show/lines-writer.ts');

// Whoever reads the logs may go away; that must not end the registry.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

// A signal that nothing waits for ends the process at once: a start that hangs, or a command that has nothing to complete.
const requests = new EventEmitter();
const waiting: ((signal: NodeJS.Signals) => void)[] = [];
const stopped = Promise.withResolvers<void>();
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
  nextSignal,
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

void nextSignal();
// A pipe takes no more than whoever reads it leaves room for. Someone who wants the end does not wait for a reader long.
await Promise.race([
  Promise.all([process.stdout, process.stderr].map(untilWritten)),
  stopped.promise.then(() => setTimeout(1000)),
]);
process.exit(status);

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => waiting.push(resolve));
}

function requestStop(signal: NodeJS.Signals): void {
  const heed = waiting.shift();
  if (heed !== undefined) {
    stopped.resolve();
    return heed(signal);
  }
  // An exit would wait for storage that hangs. The first process of a container ends by no signal of its own.
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  process.exit(128 + constants.signals[signal]);
}

function untilWritten(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
