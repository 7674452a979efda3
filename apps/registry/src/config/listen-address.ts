/** Where the server waits for connections. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string | undefined; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** A socket that the parent of this process opened, by its file descriptor. */
  | { readonly kind: 'inherited'; readonly fd: number };

const ADDRESS = /^(?:\[(?<ipv6>[0-9A-Fa-f:.%\w]+)\]|(?<host>[^:[\]\s]*)):(?<port>\d{1,5})$/;

/**
 * Reads `host:port`, `:port` (every interface) or `[ipv6]:port`. Port 0 takes a free one.
 *
 * @returns `undefined` when the text is no address.
 */
export function parseTcpAddress(text: string): ListenAddress | undefined {
  const groups = ADDRESS.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const port = Number(groups['port']);
  const host = groups['ipv6'] ?? groups['host'];
  return port > 65_535 ? undefined : { kind: 'tcp', host: host === '' ? undefined : host, port };
}
