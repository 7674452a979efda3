import type { Socket } from 'node:net';
import type { HostileClient } from '../hostile-client.ts';

/** Begins an upload on a connection of HTTP/1.1. @returns Its path; empty when the server refuses. */
export function beginUpload(client: HostileClient, socket: Socket): Promise<string> {
  const { uploads } = client.target.content;
  return new Promise((resolve) => {
    client.watch(socket, (status, text) => {
      const path = /^location: (?:https?:\/\/[^/]+)?(\/\S+)/im.exec(text)?.[1];
      if (path !== undefined || status !== '202') resolve(path ?? '');
    });
    socket.once('close', () => resolve(''));
    client.send(socket, `POST ${uploads} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
  });
}

/** The headers of a part of an upload. */
export function patchOf(path: string, length: number): string {
  return `PATCH ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;
}
