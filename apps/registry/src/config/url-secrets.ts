/** The part of a URL from its slashes on; a scheme may be missing. */
const URLS = /\/\/[^\s"'<>]+/g;
/** A query of text that is no URL yet, since its scheme is missing. */
const QUERIES = /\?[\w.~%-]+=[^\s"'<>]*/g;

/**
 * A text without the secrets of the URLs in it: user names, passwords, queries and fragments become `***`. Every URL of the
 * configuration that is shown anywhere goes through it.
 */
export function withoutUrlSecrets(text: string): string {
  return text.replace(URLS, withoutSecrets).replace(QUERIES, '?***');
}

function withoutSecrets(url: string): string {
  // A password with a slash makes a URL that cannot be read: what comes before the last @ may be part of it.
  const authority = URL.canParse(`http:${url}`) ? url.slice(0, authorityEnd(url)) : url;
  const shown = url.slice(authority.lastIndexOf('@') + 1).replace(/([?#]).+$/s, '$1***');
  return authority.includes('@') ? `//***@${shown}` : shown;
}

function authorityEnd(url: string): number {
  const end = url.slice(2).search(/[/?#]/);
  return end === -1 ? url.length : end + 2;
}
