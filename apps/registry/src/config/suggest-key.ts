import { suggest } from './problems.ts';

/** Names that other servers and libraries give to what a key sets here. */
const OTHER_WORDS: ReadonlyMap<string, string> = new Map([
  ['address', 'http.addr'],
  ['directory', 'storage.filesystem.rootdirectory'],
  ['host', 'http.addr'],
  ['hostname', 'http.addr'],
  ['https', 'http.tls'],
  ['listen', 'http.addr'],
  ['port', 'http.addr'],
  ['root', 'storage.filesystem.rootdirectory'],
  ['tls', 'http.tls'],
]);

/**
 * The end of a message about an unknown key: another key of its section with a similar name; for a key at the top also a key of a
 * section with the same name.
 *
 * @param known The paths of all keys.
 * @returns Empty when no key is close.
 */
export function suggestKey(
  path: string,
  { siblings, known }: { readonly siblings: readonly string[]; readonly known: readonly string[] },
): string {
  const similar = suggest(path, siblings);
  if (similar !== '' || path.includes('.')) return similar;
  const name = path.toLowerCase();
  const key = OTHER_WORDS.get(name) ?? known.find((other) => other.endsWith(`.${name}`));
  return key === undefined ? '' : suggest(key, [key]);
}
