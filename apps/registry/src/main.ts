import { once } from 'node:events';
import { runCommandLine } from './command-line.ts';

// Whoever reads the logs may go away; that must not end the registry.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const stop = new EventTarget();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => stop.dispatchEvent(new CustomEvent('stop', { detail: signal })));
}

const status = await runCommandLine(process.argv.slice(2), {
  pid: process.pid,
  environment: process.env,
  writeOutput: (line) => void process.stdout.write(line),
  writeError: (line) => void process.stderr.write(line),
  async nextSignal() {
    const [event] = (await once(stop, 'stop')) as [CustomEvent<string>];
    return event.detail;
  },
});
process.exit(status);
