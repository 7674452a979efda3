import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The files of a certificate and of its key. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface Issuing {
  /** The name of both files, and of whom the certificate is for. */
  readonly name: string;
  readonly usage: 'serverAuth' | 'clientAuth';
  /** Days that it lasts. Default: 30. */
  readonly days?: number;
}

/** Signs certificates for servers of this machine and for clients, with openssl. */
export class CertificateAuthority {
  /** The file that who trusts it is given. */
  readonly certificate: string;
  readonly #key: string;
  readonly #folder: string;

  private constructor(folder: string, name: string) {
    this.#folder = folder;
    this.certificate = join(folder, `${name}.crt`);
    this.#key = join(folder, `${name}.pem`);
  }

  /** @param folder Where all files lie. It is not removed. */
  static async create(folder: string, name = 'authority'): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(folder, name);
    const files = { certificate: authority.certificate, key: authority.#key };
    await request(files, ['-subj', `/CN=${name}`, '-days', '30']);
    return authority;
  }

  /** Makes `<name>.cert` and `<name>.key`, as podman and skopeo look for them in a directory. */
  async issue({ name, usage, days = 30 }: Issuing): Promise<CertificateFiles> {
    const files = {
      certificate: join(this.#folder, `${name}.cert`),
      key: join(this.#folder, `${name}.key`),
    };
    const extensions = [
      'basicConstraints=critical,CA:false',
      `extendedKeyUsage=${usage}`,
      'subjectAltName=IP:127.0.0.1,DNS:localhost',
    ];
    const signing = ['-CA', this.certificate, '-CAkey', this.#key];
    const added = extensions.flatMap((extension) => ['-addext', extension]);
    await request(files, ['-subj', `/CN=${name}`, '-days', String(days), ...signing, ...added]);
    return files;
  }
}

async function request({ certificate, key }: CertificateFiles, rest: readonly string[]) {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await run('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', certificate, ...rest]);
}
