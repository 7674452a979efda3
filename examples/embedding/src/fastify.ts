import { createRequestHandler, type RegistryApiOptions } from '@purser/http-api';
import fastify, { type FastifyInstance } from 'fastify';

/** A program of Fastify that serves the API below `/registry/v2/`. */
export function createFastifyProgram(options: RegistryApiOptions): FastifyInstance {
  const app = fastify();
  app.get('/', async () => 'hello');
  void app.register(async (registry) => {
    const handle = createRequestHandler({ ...options, prefix: '/registry' });
    // The API reads bodies itself.
    registry.removeAllContentTypeParsers();
    registry.addContentTypeParser('*', (_request, _body, done) => done(null));
    for (const url of ['/registry/v2', '/registry/v2/*']) {
      registry.all(url, (request, reply) => {
        reply.hijack();
        handle(request.raw, reply.raw);
      });
    }
  });
  return app;
}
