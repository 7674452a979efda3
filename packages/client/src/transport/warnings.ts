import { displayText, displayUrl } from './display.ts';
import type { TransportObserver } from './observer.ts';
import type { ResponseHeaders, TransportResponse } from './transport.ts';

/** All warnings of one answer together. @see OCI distribution-spec, "Warnings". */
const MOST_BYTES = 4096;

/** A warning has the code 299, no agent and no date; what else stands in `Warning` headers is for caches. */
const WARNING = /\b299 - "((?:[^"\\]|\\.)*)"/g;

/** The texts of the warnings of an answer, without characters that a terminal would act on. */
function parseWarnings(headers: ResponseHeaders): readonly string[] {
  const texts: string[] = [];
  let bytes = 0;
  for (const line of headers.getAll('warning')) {
    bytes += line.length;
    if (bytes > MOST_BYTES) break;
    for (const [, quoted = ''] of line.matchAll(WARNING)) {
      texts.push(displayText(quoted.replaceAll(/\\(.)/g, '$1'), MOST_BYTES));
    }
  }
  return texts;
}

/** Users see each warning once, as far as this many different ones. */
const MOST_REMEMBERED = 100;

/** Tells the warnings of a registry, each of them once. */
export class Warnings {
  readonly #observer: TransportObserver;
  readonly #told = new Set<string>();

  constructor(observer: TransportObserver) {
    this.#observer = observer;
  }

  report({ headers, url }: TransportResponse): void {
    for (const text of parseWarnings(headers)) {
      if (this.#told.has(text) || this.#told.size >= MOST_REMEMBERED) continue;
      this.#told.add(text);
      this.#observer({ kind: 'warned', url: displayUrl(url), text });
    }
  }
}
