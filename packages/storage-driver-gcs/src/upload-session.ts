import type { Dispatcher } from 'undici';
import { Refusal } from '@purser/storage-driver';
import { stateOf, type ObjectState } from './bucket.ts';
import { ResponseError } from './errors.ts';
import { errorOf, type Requests } from './requests.ts';

/** What a session has after a request: bytes from the start, and the object once it is complete. */
export interface SessionState {
  readonly persisted: number;
  readonly object?: ObjectState | undefined;
}

export interface Piece {
  readonly chunks: readonly Uint8Array[];
  /** Where in the file it begins. */
  readonly start: number;
  /** Bytes of the whole file, which ends with this piece; `undefined` when more will come. */
  readonly total?: number | undefined;
}

/**
 * A resumable upload session of the service. It keeps what it got for a week, whoever sends it.
 *
 * What it has already it passes over when it is sent again, so that a piece may begin before its end.
 *
 * @see Cloud Storage documentation, "Perform resumable uploads".
 */
export class UploadSession {
  readonly uri: string;
  readonly #requests: Requests;

  constructor(requests: Requests, uri: string) {
    this.#requests = requests;
    this.uri = uri;
  }

  /**
   * Sends a piece, of which the session may keep less than it is given. After a broken attempt it first asks what
   * arrived.
   *
   * @throws Refusal `FAILED` when the session is gone; `ResponseError` when the service refuses the piece.
   */
  send(piece: Piece): Promise<SessionState> {
    return this.#requests.retry.run(async (before) => {
      if (before !== undefined) {
        const state = await this.#ask();
        if (state.object !== undefined || state.persisted > piece.start) return state;
      }
      return this.#put(piece);
    });
  }

  /** Ends the session, and the service drops what it got. One that is gone is no failure. */
  async cancel(): Promise<void> {
    await this.#requests.retry.run(async () => {
      const response = await this.#requests.send({
        method: 'DELETE',
        to: this.uri,
        headers: { 'content-length': '0' },
      });
      // 499 is how the service says that it did; another 4xx, that there is nothing to end.
      if (response.statusCode < 500) await response.body.dump();
      else throw await errorOf(response);
    });
  }

  async #put({ chunks, start, total }: Piece): Promise<SessionState> {
    const length = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const range = length === 0 ? '*' : `${start}-${start + length - 1}`;
    const response = await this.#requests.send({
      method: 'PUT',
      to: this.uri,
      headers: {
        'content-length': String(length),
        'content-range': `bytes ${range}/${total ?? '*'}`,
      },
      body: length === 0 ? '' : chunks,
    });
    const state = await stateOfAnswer(response);
    if (state.object !== undefined || state.persisted > start) return state;
    throw new ResponseError({ status: 503, message: 'the upload session kept nothing of a piece' });
  }

  async #ask(): Promise<SessionState> {
    return stateOfAnswer(
      await this.#requests.send({
        method: 'PUT',
        to: this.uri,
        headers: { 'content-length': '0', 'content-range': 'bytes */*' },
        body: '',
      }),
    );
  }
}

async function stateOfAnswer(response: Dispatcher.ResponseData): Promise<SessionState> {
  const { statusCode, headers, body } = response;
  if (statusCode === 200 || statusCode === 201) {
    const object = stateOf(await body.json());
    return { persisted: object.size, object };
  }
  if (statusCode === 308) {
    await body.dump();
    const [, last] = /^bytes=0-(\d+)$/.exec(String(headers['range'])) ?? [];
    return { persisted: last === undefined ? 0 : Number(last) + 1 };
  }
  const error = await errorOf(response);
  if (statusCode !== 404 && statusCode !== 410) throw error;
  throw new Refusal('FAILED', {
    message: 'the upload session of the bucket is gone: the upload has to begin anew',
    cause: error,
  });
}
