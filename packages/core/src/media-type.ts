const GRAMMAR = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** @see RFC 6838, section 4.2: a type and a subtype of 1–127 characters each, no parameters. */
export function isMediaType(text: string): boolean {
  return text.length <= 255 && GRAMMAR.test(text);
}

/** The media type of a `Content-Type` value without its parameters, in lower case; `undefined` when there is none. */
export function bareMediaType(contentType: string | undefined): string | undefined {
  const bare = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return bare === undefined || !isMediaType(bare) ? undefined : bare;
}
