import type { RequestListener } from 'node:http';
import Koa from 'koa';
import type { RegistryApiOptions } from './options.ts';
import { createRegistryApi } from './registry-api.ts';

/**
 * The registry HTTP API as a request handler of Node's own server: what is not below `<prefix>/v2` is answered with 404.
 *
 * @throws TypeError when an option could not work.
 */
export function createRequestHandler(options: RegistryApiOptions): RequestListener {
  const application = new Koa();
  // What matters has reached `onError` already; the rest are clients that left.
  application.on('error', () => {});
  application.use(createRegistryApi(options));
  const handle = application.callback();
  return (request, response) => void handle(request, response);
}
