import { HeaderScanner } from '../header-scanner.ts';
import { invalidResponse } from '../response-errors.ts';

/** Maximum length of a `Link` header in characters. Signed URLs of a next page need a few thousand. */
const MAXIMUM_LENGTH = 16_384;

/**
 * Returns the target of the first link to the next page. Malformed parts of the header are passed over.
 *
 * @param value The value of a `Link` header.
 * @throws RegistryClientError `RESPONSE_INVALID` when the header is longer than 16,384 characters.
 * @see RFC 8288, section 3.
 */
export function nextLink(value: string): string | undefined {
  if (value.length > MAXIMUM_LENGTH) {
    throw invalidResponse(`Link of a listing is longer than ${MAXIMUM_LENGTH} characters`);
  }
  const scanner = new HeaderScanner(value);
  for (;;) {
    scanner.skip(/[^<]*/y);
    const target = scanner.take(/<[^>]*>/y);
    if (target === undefined) return undefined;
    if (takeRelations(scanner).includes('next')) return target.slice(1, -1);
  }
}

/** Reads the parameters of a link. The first `rel` counts. */
function takeRelations(scanner: HeaderScanner): readonly string[] {
  let relations: readonly string[] | undefined;
  while (scanner.skip(/\s*;\s*/y)) {
    const name = scanner.take(/[^\s;,=<"]*/y);
    if (!scanner.skip(/\s*=\s*/y)) continue;
    const text = scanner.takeQuoted() ?? scanner.take(/[^\s;,"]*/y) ?? '';
    if (name?.toLowerCase() === 'rel') relations ??= text.toLowerCase().split(/\s+/);
  }
  return relations ?? [];
}
