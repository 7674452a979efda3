import { Forwarder } from '@purser/registry-under-test';

/** A request that went through, and its answer. */
export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Of the server that it went to. */
  readonly port: number;
  readonly status: number;
}

export interface RelayOptions {
  /** Where the servers listen, on the loopback interface. */
  readonly ports: readonly number[];
  /**
   * Whether the server sees its own address in `Host`; its `Location` is then turned back. Default `false`: it sees what
   * the client named.
   */
  readonly renamesHost?: boolean | undefined;
}

/** Passes each request to the next server in turn, whatever connection it came on, and remembers what went through. */
export interface Relay extends AsyncDisposable {
  /** In the order of the answers. */
  readonly exchanges: Exchange[];
  readonly port: number;
  /** With its port, as clients name it. */
  readonly host: string;
}

/** Listens on a free port. */
export async function startRelay({ ports, renamesHost = false }: RelayOptions): Promise<Relay> {
  const exchanges: Exchange[] = [];
  let turn = 0;
  const nextPort = () => ports[turn++ % ports.length]!;

  const forwarder = await Forwarder.start({
    route: (_request, headers) => {
      const port = nextPort();
      return { port, headers: renamesHost ? { ...headers, host: `127.0.0.1:${port}` } : headers };
    },
    answer: (headers, { port }) => {
      const { location } = headers;
      if (!renamesHost || location === undefined) return headers;
      const [inner, outer] = [`http://127.0.0.1:${port}/`, `http://${forwarder.host}/`];
      return { ...headers, location: String(location).replace(inner, outer) };
    },
    onAnswer: ({ method = '', url: path = '/' }, { port }, status) =>
      exchanges.push({ method, path, port: Number(port), status }),
  });
  const { port, host } = forwarder;
  return { exchanges, port, host, [Symbol.asyncDispose]: () => forwarder[Symbol.asyncDispose]() };
}
