const SECRET_NAME =
  /secret|password|passphrase|token|private_?key|(?:access|account|api)key|connectionstring/i;
/**
 * All of it is secret, whatever its keys are called; headers that are sent to others prove who asks. Whether browsers may
 * send credentials is none.
 */
const SECRET_SECTION = /(?:^|\.)(?<!\bcors\.)credentials\.|\.\d+\.headers\./i;

/** Whether what stands at a key is a secret: `http.secret`, `redis.password`, a header of an endpoint. */
export function isSecretKey(key: string): boolean {
  const name = key
    .replace(/(?:\.\d+)+$/, '')
    .split('.')
    .at(-1)!;
  return SECRET_NAME.test(name) || SECRET_SECTION.test(`${key}.`);
}
