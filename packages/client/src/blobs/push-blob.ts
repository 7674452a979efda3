import type { Descriptor, Digest, OperationOptions, RepositoryName } from '@purser/core';
import { Attempts } from './attempts.ts';
import { contentChunks } from './content-chunks.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import type { UploadSession } from './upload-session.ts';
import { mayHaveWorked } from './upload-writer.ts';

/** How far a push is. */
export interface PushProgress {
  readonly digest: Digest;
  /** Bytes sent that count: fewer than before, when a registry lost some. */
  readonly sent: number;
  readonly total: number;
}

export interface PushBlobOptions extends OperationOptions {
  /** Where else in the registry the blob may be; `'anywhere'` lets the registry look. Not asked for when absent. */
  readonly mountFrom?: RepositoryName | 'anywhere' | undefined;
  /** Whether the registry may have the blob already, which is asked first. Default `true`. */
  readonly mayBePresent?: boolean | undefined;
  /** Told while content is sent. It must not throw. */
  readonly onProgress?: ((progress: PushProgress) => void) | undefined;
}

/** What made a blob be in a repository. */
export type PushOutcome = 'present' | 'mounted' | 'uploaded';

/** Opens content from a byte on, counted from 0; asked again when a part of it has to be sent once more. */
export type BlobContent = (start: number) => AsyncIterable<Uint8Array>;

export interface UploadTarget {
  /** Parts of this many bytes, for registries that want parts. */
  readonly chunkSize: number;
  begin(options: OperationOptions): Promise<UploadSession>;
  isStored(digest: Digest, options: OperationOptions): Promise<boolean>;
}

export interface UploadOptions {
  readonly blob: Pick<Descriptor, 'digest' | 'size'>;
  readonly content: BlobContent;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PushProgress) => void) | undefined;
  /** A session to use, which a mount that was refused leaves. */
  readonly session?: UploadSession | undefined;
}

/**
 * Sends a blob, going on after a cut where the registry says that the upload ends, and from the start when it has
 * forgotten the upload. What fails for good is cancelled.
 */
export async function uploadBlob(target: UploadTarget, options: UploadOptions): Promise<void> {
  const { blob, signal } = options;
  const attempts = new Attempts();
  let session = options.session ?? (await target.begin({ signal }));
  for (;;) {
    try {
      await sendRest(session, target.chunkSize, options);
      return;
    } catch (error) {
      if (mayHaveWorked(error) && (await isStored(target, options))) return;
      const next = await afterFailure(error, { session, attempts, signal });
      if (next === 'again') continue;
      if (next === 'give up') throw error;
      session = await target.begin({ signal });
      options.onProgress?.({ digest: blob.digest, sent: 0, total: blob.size });
    }
  }
}

async function isStored(target: UploadTarget, { blob, signal }: UploadOptions): Promise<boolean> {
  // Whatever goes wrong here, it was the upload that failed.
  return target.isStored(blob.digest, { signal }).catch(() => false);
}

/** A failure of a session that another session does not share. */
const SESSION_LOST = ['BLOB_UPLOAD_INVALID', 'BLOB_UPLOAD_UNKNOWN', 'UPLOAD_OUT_OF_ORDER'] as const;

interface Failed {
  readonly session: UploadSession;
  readonly attempts: Attempts;
  readonly signal: AbortSignal | undefined;
}

async function afterFailure(
  error: unknown,
  { session, attempts, signal }: Failed,
): Promise<'again' | 'anew' | 'give up'> {
  try {
    if (RegistryClientError.is(error, ...SESSION_LOST)) {
      attempts.fail(error, session.size);
      return 'anew';
    }
    await session.recover(error, attempts, signal);
    return 'again';
  } catch (second) {
    if (second !== error && RegistryClientError.is(second, ...SESSION_LOST)) return 'anew';
    await session.cancel();
    return 'give up';
  }
}

/** Sends what the registry does not hold yet, in one request unless it asked for parts. */
async function sendRest(
  session: UploadSession,
  chunkSize: number,
  { blob: { digest, size: total }, content, signal, onProgress }: UploadOptions,
): Promise<void> {
  const report = (sent: number) => onProgress?.({ digest, sent, total });
  if (session.minimumPart > 0) {
    const partSize = Math.max(session.minimumPart, chunkSize);
    for await (const chunk of contentChunks(content(session.size), partSize)) {
      await session.send(chunk, signal);
      report(session.size);
    }
    return session.finish(digest, { signal });
  }
  const start = session.size;
  const body = () => counted(content(start), (sent) => report(start + sent));
  const rest = { body, length: total - start };
  return session.finish(digest, { content: rest.length > 0 ? rest : undefined, signal });
}

async function* counted(
  content: AsyncIterable<Uint8Array>,
  report: (sent: number) => void,
): AsyncIterable<Uint8Array> {
  let sent = 0;
  for await (const chunk of content) {
    yield chunk;
    sent += chunk.byteLength;
    report(sent);
  }
}
