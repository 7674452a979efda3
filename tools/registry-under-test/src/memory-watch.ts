import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Watches how much memory a process has in RAM. Linux only: it reads `/proc`.
 *
 * What the kernel remembers of the highest value counts too, so that no peak between two looks is missed.
 */
export class MemoryWatch implements Disposable {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #peak = 0;
  #looks = 0;

  /** @param intervalMs Between two looks. */
  constructor(pid: number, intervalMs = 50) {
    this.#pid = pid;
    this.restart();
    this.#timer = setInterval(() => this.#look('VmRSS'), intervalMs);
  }

  /** Forgets the peak so far. */
  restart(): void {
    // 5 resets the kernel's own high-water mark: proc(5), clear_refs.
    writeFileSync(`/proc/${this.#pid}/clear_refs`, '5');
    this.#peak = 0;
    this.#looks = 0;
    this.#look('VmRSS');
  }

  /** Bytes now. */
  get current(): number {
    return statusBytes(this.#pid, 'VmRSS');
  }

  /** The most bytes since the start, or since `restart`. */
  get peak(): number {
    this.#look('VmHWM');
    return this.#peak;
  }

  get looks(): number {
    return this.#looks;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(field: string): void {
    this.#looks += 1;
    this.#peak = Math.max(this.#peak, statusBytes(this.#pid, field));
  }
}

/** 0 when the process is gone. */
function statusBytes(pid: number, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readStatus(pid))?.[1];
  return Number(kibibytes ?? 0) * 1024;
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
