import type { Server } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/schema.ts';
import { describeError } from '../../observe/describe-error.ts';
import type { Logger } from '../../observe/logger.ts';
import {
  readCertificates,
  refuseOtherClients,
  validityWarning,
  type Certificates,
  type TlsConfig,
} from './certificates.ts';
import type { Prepared, Reloadable } from '../reloadable.ts';

/**
 * How often the files are looked at. Their content is compared, not their times: so it does not matter how they are
 * replaced, by a rename or by the symbolic links of Kubernetes, and on which file system.
 */
const INTERVAL_MS = 10_000;

/**
 * The certificates of a server, which follow their files. New connections get the new ones, those that are open go on.
 * What cannot be used is told, and those of before stay.
 */
export class FollowedCertificates implements Reloadable, Disposable {
  readonly keys = [
    'http.tls.certificate',
    'http.tls.ciphersuites',
    'http.tls.clientcas',
    'http.tls.key',
    'http.tls.minimumtls',
  ];
  readonly #server: Server;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #config: TlsConfig;
  #current: Certificates;
  #problem: { readonly message: string; isTold: boolean } | undefined;
  #warning: string | undefined;

  /** @param current Those that the server was made with. */
  constructor(server: Server, config: TlsConfig, { current, logger }: FollowedParts) {
    this.#server = server;
    this.#config = config;
    this.#current = current;
    this.#logger = logger;
    this.#tellValidity();
    this.#timer = setInterval(() => void this.look(), INTERVAL_MS).unref();
  }

  /** Looks at the files now. Of two files that are being replaced only one may be new: that is told when it lasts. */
  async look(): Promise<void> {
    const config = this.#config;
    try {
      const found = await readCertificates(config);
      if (config === this.#config) this.#use(found);
    } catch (error) {
      this.#tell(error as Error);
    }
    this.#tellValidity();
  }

  async prepare({ http: { tls } }: Config): Promise<Prepared> {
    refuseOtherClients(this.#config, tls);
    const config = tls!;
    const found = await readCertificates(config);
    return {
      takeEffect: () => {
        if (!isDeepStrictEqual(config, this.#config)) this.#config = config;
        this.#use(found);
        this.#tellValidity();
      },
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #use(found: Certificates): void {
    this.#problem = undefined;
    if (found.fingerprint === this.#current.fingerprint) return;
    this.#server.setSecureContext(found.options);
    this.#current = found;
    const { serialNumber, validTo } = found.own;
    this.#logger.info('certificates have changed, new connections get them', {
      serial: serialNumber,
      expires: validTo,
    });
  }

  #tell(error: Error): void {
    const { message } = error;
    if (this.#problem?.message !== message) {
      this.#problem = { message, isTold: false };
    } else if (!this.#problem.isTold) {
      this.#problem.isTold = true;
      this.#logger.error(
        'cannot use the changed certificates, those of before stay',
        describeError(error),
      );
    }
  }

  #tellValidity(): void {
    const warning = validityWarning(this.#current.own, Date.now());
    if (warning !== undefined && warning !== this.#warning) {
      this.#logger.warn(`http.tls.certificate: ${warning}`, { path: this.#config.certificate });
    }
    this.#warning = warning;
  }
}

export interface FollowedParts {
  readonly current: Certificates;
  readonly logger: Logger;
}
