import type { Socket } from 'node:net';

/** Counts answers by their status. */
export class Answers {
  readonly #counts: Record<string, number> = {};

  /** @param onAnswer Told the status of each. */
  watch(socket: Socket, onAnswer: (status: string, text: string) => void = () => {}): void {
    socket.setEncoding('latin1').on('data', (text: string) => {
      for (const [, status] of text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
        this.#counts[status!] = (this.#counts[status!] ?? 0) + 1;
        onAnswer(status!, text);
      }
    });
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#counts;
  }
}
