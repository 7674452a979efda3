import { createRegistryApi, type RegistryApiOptions } from '@purser/http-api';
import Koa from 'koa';

/** A program of Koa that serves the API below `/registry/v2/`. */
export function createKoaProgram(options: RegistryApiOptions): Koa {
  const app = new Koa();
  app.use(createRegistryApi({ ...options, prefix: '/registry' }));
  app.use((context) => void (context.body = 'hello'));
  return app;
}
