import { connect, type Socket } from 'node:net';

interface Exchange {
  readonly isHead: boolean;
  readonly resolve: (bytes: number) => void;
  readonly reject: (error: unknown) => void;
}

const HEAD_END = '\r\n\r\n';
const BUFFER_SIZE = 1024 * 1024;

/**
 * A kept connection that asks one thing at a time and counts the bytes of the answer, which must announce its length.
 *
 * It parses next to nothing and reads into one buffer, so that it is no slower than what it measures.
 */
export class RawConnection implements Disposable {
  readonly #socket: Socket;
  #exchange: Exchange | undefined;
  #head = '';
  /** Bytes of content still to come; `undefined` inside the head. */
  #remaining: number | undefined;
  #size = 0;

  constructor(port: number) {
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(BUFFER_SIZE),
        callback: (size, buffer) => {
          this.#read(Buffer.from(buffer.buffer, buffer.byteOffset, size));
          return true;
        },
      },
    });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /**
   * Sends a request without a body.
   *
   * @param method `GET` or `HEAD`.
   * @returns Bytes of content.
   * @throws Error for any other status than 200.
   */
  ask(method: string, path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#exchange = { isHead: method === 'HEAD', resolve, reject };
      this.#head = '';
      this.#remaining = undefined;
      this.#socket.write(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    });
  }

  [Symbol.dispose](): void {
    this.#fail(new Error('the connection was disposed of'));
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    if (this.#remaining === undefined) this.#readHead(bytes);
    else this.#count(bytes.byteLength);
  }

  #readHead(bytes: Buffer): void {
    this.#head += bytes.toString('latin1', 0, 8192);
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return;
    const before = this.#head.length - Math.min(bytes.byteLength, 8192);
    const content = bytes.byteLength - (end + HEAD_END.length - before);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#head)?.[1]);
    if (!this.#head.startsWith('HTTP/1.1 200 ') || Number.isNaN(length)) {
      this.#fail(new Error(`unexpected answer: ${this.#head.slice(0, end)}`));
      return;
    }
    this.#size = this.#exchange?.isHead ? 0 : length;
    this.#remaining = this.#size;
    this.#count(content);
  }

  #count(bytes: number): void {
    this.#remaining = (this.#remaining ?? 0) - bytes;
    if (this.#remaining > 0) return;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.resolve(this.#size);
  }

  #fail(error: Error): void {
    this.#exchange?.reject(error);
    this.#exchange = undefined;
  }
}
