import { exactLength, RegistryError } from '@purser/core';
import { RegistryClientError } from './registry-client-error.ts';
import type { RequestBody } from './transport.ts';

/** A body that is not small is sent only when the registry is likely to take it. */
const SMALL = 64 * 1024;

/** The body of a request, over all attempts to send it. */
export class OutgoingBody {
  readonly #body: RequestBody;
  readonly #contentLength: number | undefined;
  #isBegun = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(body: RequestBody, contentLength: number | undefined) {
    this.#body = body;
    this.#contentLength = contentLength;
    if (body instanceof Uint8Array) {
      this.#contentLength = body.byteLength;
      if ((contentLength ?? body.byteLength) !== body.byteLength) {
        throw tooLongOrShort(`the body has ${body.byteLength} bytes, not ${contentLength}`);
      }
    }
  }

  /** In bytes; `undefined` when it is not known before the end. */
  get contentLength(): number | undefined {
    return this.#contentLength;
  }

  get isSmall(): boolean {
    return this.#body instanceof Uint8Array && this.#body.byteLength <= SMALL;
  }

  /** Whether it can be sent, perhaps again. */
  get canBeSent(): boolean {
    return !this.#isBegun || this.#body instanceof Uint8Array || typeof this.#body === 'function';
  }

  /** What the source of the body failed with, or why it was not as long as announced. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** The bytes for one attempt. */
  open(): Uint8Array | AsyncIterable<Uint8Array> {
    return this.#body instanceof Uint8Array ? this.#body : this.#pieces(this.#body);
  }

  async *#pieces(
    body: AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>),
  ): AsyncIterable<Uint8Array> {
    this.#isBegun = true;
    try {
      const content = typeof body === 'function' ? body() : body;
      yield* exactLength(this.#contentLength, content);
    } catch (error) {
      this.#failure = { error: isLengthError(error) ? tooLongOrShort(error.message) : error };
      throw error;
    }
  }
}

function isLengthError(error: unknown): error is RegistryError {
  return RegistryError.is(error, 'SIZE_INVALID') && !RegistryClientError.is(error);
}

function tooLongOrShort(message: string): RegistryClientError {
  return new RegistryClientError('SIZE_INVALID', { message });
}
