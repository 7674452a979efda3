import type { Socket } from 'node:net';

export interface FirstBytesOptions {
  /** Whether more bytes are needed to decide. */
  readonly isOpen: (bytes: Buffer) => boolean;
  /** A client that takes longer is let go. */
  readonly timeoutMs: number;
}

/** Looks at the first bytes of a client, and leaves them to be read. */
export function onFirstBytes(
  socket: Socket,
  { isOpen, timeoutMs }: FirstBytesOptions,
  found: (bytes: Buffer) => void,
): void {
  const end = () => void socket.destroy();
  let bytes = Buffer.alloc(0);
  const look = () => {
    bytes = Buffer.concat([bytes, (socket.read() as Buffer | null) ?? Buffer.alloc(0)]);
    if (isOpen(bytes)) return;
    socket.off('readable', look).off('timeout', end).off('end', end).off('error', end);
    socket.setTimeout(0);
    socket.unshift(bytes);
    found(bytes);
  };
  socket.on('readable', look).on('timeout', end).on('end', end).on('error', end);
  socket.setTimeout(timeoutMs);
}
