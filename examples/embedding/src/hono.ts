import { createFetchHandler, type RegistryApiOptions } from '@purser/http-api';
import { Hono } from 'hono';

/** A program of Hono that serves the API below `/registry/v2/`. */
export function createHonoProgram(options: RegistryApiOptions): Hono {
  const app = new Hono();
  const handle = createFetchHandler({ ...options, prefix: '/registry' });
  app.all('/registry/v2/*', ({ req }) => handle(req.raw));
  app.get('/', ({ text }) => text('hello'));
  return app;
}
