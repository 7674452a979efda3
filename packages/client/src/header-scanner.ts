/**
 * Reads the value of a header from left to right. No character is read more than a fixed number of times, so that the
 * time is in proportion to the length, whatever a server sends.
 */
export class HeaderScanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  /**
   * Reads the text at the position that matches a pattern.
   *
   * @param pattern Must be sticky.
   */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text)?.[0];
    this.#position += found?.length ?? 0;
    return found;
  }

  /** True if the pattern matched at least one character. */
  skip(pattern: RegExp): boolean {
    return Boolean(this.take(pattern));
  }

  /** Passes over one character that begins nothing. */
  skipCharacter(): void {
    this.#position += 1;
  }

  /** Reads a quoted string without its quotes and escapes; the closing quote may be missing at the end. */
  takeQuoted(): string | undefined {
    const quoted = this.take(/"(?:[^"\\]|\\.)*(?:"|$)/sy);
    return quoted?.replace(/^"|"$/g, '').replaceAll(/\\(.)/gs, '$1');
  }
}
