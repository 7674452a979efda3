import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What npm sends to publish a package, and what it is told of one. */
interface PackageDocument {
  readonly name: string;
  readonly 'dist-tags': Record<string, string>;
  readonly versions: Record<string, { readonly dist: { tarball: string } }>;
  /** Tarballs in base64 by their name; sent by npm only. */
  readonly _attachments?: Readonly<Record<string, { readonly data: string }>>;
}

export interface RegistryStubOptions {
  /** The packages that it keeps. Until they are published, there are none of that name. */
  readonly names: readonly string[];
  /** The npm registry to which requests for all other packages are sent on. */
  readonly upstream: string;
}

/** As much of an npm registry, on the loopback interface, as publishing and installing take. */
export class RegistryStub implements AsyncDisposable {
  readonly #options: RegistryStubOptions;
  readonly #packages = new Map<string, PackageDocument>();
  readonly #tarballs = new Map<string, Buffer>();
  readonly #server: Server;

  private constructor(options: RegistryStubOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(options: RegistryStubOptions): Promise<RegistryStub> {
    const stub = new RegistryStub(options);
    stub.#server.listen(0, '127.0.0.1');
    await once(stub.#server, 'listening');
    return stub;
  }

  /** With a slash at the end. */
  get url(): string {
    return `http://${this.host}/`;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').slice(1);
    const [name = '', file] = decodeURIComponent(path).split('/-/');
    if (!this.#options.names.includes(name)) {
      response.writeHead(307, { location: new URL(path, this.#options.upstream).href }).end();
    } else if (request.method === 'PUT') {
      const document = JSON.parse((await buffer(request)).toString()) as PackageDocument;
      send(response, this.#publish(name, document), {});
    } else if (file === undefined) {
      const document = this.#packages.get(name);
      send(response, document === undefined ? 404 : 200, document ?? { error: 'not found' });
    } else {
      const tarball = this.#tarballs.get(file);
      response.writeHead(tarball === undefined ? 404 : 200).end(tarball);
    }
  }

  #publish(name: string, { _attachments = {}, ...document }: PackageDocument): number {
    const known = this.#packages.get(name);
    const versions = Object.keys(document.versions);
    if (versions.some((version) => known?.versions[version] !== undefined)) return 409;
    for (const [path, { data }] of Object.entries(_attachments)) {
      // npm puts the scope into the name of an attachment, and not into the URL of a tarball.
      const file = path.split('/').at(-1) ?? path;
      this.#tarballs.set(file, Buffer.from(data, 'base64'));
      for (const version of Object.values(document.versions)) {
        version.dist.tarball = `${this.url}${name}/-/${file}`;
      }
    }
    this.#packages.set(name, {
      ...document,
      versions: { ...known?.versions, ...document.versions },
      'dist-tags': { ...known?.['dist-tags'], ...document['dist-tags'] },
    });
    return 201;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
