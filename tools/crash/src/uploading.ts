import {
  ask,
  finishUpload,
  locationOf,
  sendPart,
  startUpload,
  UnexpectedAnswer,
  type SampleBlob,
} from '@purser/registry-under-test';
import type { Actor } from './actor.ts';
import type { RepositoryLedger, UnfinishedUpload } from './ledger.ts';

/** An actor at work in one repository. */
export interface Scene {
  readonly actor: Actor;
  readonly repository: RepositoryLedger;
}

/** Pushes a blob with chunks that say where they belong. */
export async function pushInChunks(scene: Scene, blob: SampleBlob): Promise<void> {
  const upload = await beginUpload(scene, blob);
  await sendChunks(scene, upload);
  await endUpload(scene, upload);
}

/** Pushes a blob in chunked encoding, whose end only the last byte tells. */
export async function pushAsStream(scene: Scene, blob: SampleBlob): Promise<void> {
  const upload = await beginUpload(scene, blob);
  await streamRest(scene, upload);
  await endUpload(scene, upload);
}

/** Begins an upload, sends some of it, and goes away. */
export async function abandonUpload(scene: Scene, blob: SampleBlob): Promise<void> {
  const upload = await beginUpload(scene, blob);
  if (blob.size > 1) await sendChunk(scene, upload, scene.actor.random.integer(2, blob.size));
  upload.isLeft = true;
}

/**
 * Asks how far an upload came, and sends the rest from there.
 *
 * @returns Whether the registry still knew it.
 */
export async function resumeUpload(scene: Scene, upload: UnfinishedUpload): Promise<boolean> {
  const { actor, repository } = scene;
  const request = { method: 'GET', path: upload.location };
  const answer = await ask(actor.client, request, [204, 404]);
  if (answer.status === 404) {
    repository.uploads.delete(upload);
    // One whose end was asked for may have come to it; any other one was forgotten.
    actor.world.tally.add(upload.isEnding ? 'uploads found ended' : 'uploads forgotten');
    return false;
  }
  const received = receivedBytes(answer.headers['range']);
  const isPlausible = received <= upload.blob.size && (upload.isEnding || received >= upload.sure);
  if (!isPlausible) {
    const expected = `a Range of ${upload.sure} to ${upload.blob.size} bytes, not ${received},`;
    throw new UnexpectedAnswer(request, answer, expected);
  }
  upload.received = received;
  upload.location = locationOf(request, answer);
  const way = actor.random.pick(['chunks', 'stream', 'end'] as const);
  if (way === 'chunks') await sendChunks(scene, upload);
  if (way === 'stream') await streamRest(scene, upload);
  await endUpload(scene, upload);
  return true;
}

/** `0-0` says nothing: it stands for no byte, and for one. No client of ours stops after one. */
function receivedBytes(range: string | string[] | undefined): number {
  const last = Number(/^0-(\d+)$/.exec(String(range))?.[1]);
  return last === 0 ? 0 : last + 1;
}

async function beginUpload({ actor, repository }: Scene, blob: SampleBlob) {
  const location = await startUpload(actor.target(repository));
  const upload = { blob, location, received: 0, sure: 0, isEnding: false, isLeft: false };
  repository.uploads.add(upload);
  return upload;
}

async function sendChunks(scene: Scene, upload: UnfinishedUpload): Promise<void> {
  const { size } = upload.blob;
  const step = Math.max(2, Math.ceil(size / 3));
  while (upload.received < size) {
    await sendChunk(scene, upload, Math.min(upload.received + step, size));
  }
}

/** Sends what comes before the byte `end`. */
async function sendChunk(scene: Scene, upload: UnfinishedUpload, end: number): Promise<void> {
  const { actor, repository } = scene;
  const { blob, location, received } = upload;
  upload.location = await sendPart(actor.target(repository), {
    location,
    content: actor.world.source.chunks(blob, received, end),
    range: { start: received, end },
  });
  upload.received = upload.sure = end;
}

async function streamRest({ actor, repository }: Scene, upload: UnfinishedUpload): Promise<void> {
  const { blob, location, received } = upload;
  const content = actor.world.source.chunks(blob, received);
  upload.location = await sendPart(actor.target(repository), { location, content });
  upload.received = upload.sure = blob.size;
}

/** Ends an upload, with what is left of it in the last request. */
async function endUpload({ actor, repository }: Scene, upload: UnfinishedUpload): Promise<void> {
  const { blob, location, received } = upload;
  const content = actor.world.source.chunks(blob, received);
  repository.blobs.begin(blob);
  upload.isEnding = true;
  await finishUpload(actor.target(repository), {
    location,
    blob,
    content,
    length: blob.size - received,
  });
  repository.uploads.delete(upload);
  repository.blobs.acknowledge(blob);
}
