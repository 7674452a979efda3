import { EventEmitter } from 'node:events';

export interface FetchSocketOptions {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly encrypted: boolean;
}

/** The facts about a connection that the API reads from a socket. The connection itself belongs to the runtime. */
export class FetchSocket extends EventEmitter {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly encrypted: boolean;
  destroyed = false;

  constructor({ remoteAddress, remotePort, encrypted }: FetchSocketOptions) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.encrypted = encrypted;
  }

  get readable(): boolean {
    return !this.destroyed;
  }

  get writable(): boolean {
    return !this.destroyed;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
}
