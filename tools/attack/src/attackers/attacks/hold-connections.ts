import type { HostileClient } from '../hostile-client.ts';

const COUNT = 1000;

/** Opens connections and says nothing. */
export function holdConnections(client: HostileClient): Promise<void> {
  return client.keep(COUNT, async (onEnd) => {
    const socket = await client.openSocket();
    socket.resume().once('close', onEnd);
  });
}
