import { createRequestHandler, type RegistryApiOptions } from '@purser/http-api';
import express, { type Express } from 'express';

/** A program of Express that serves the API below `/registry/v2/`. */
export function createExpressProgram(options: RegistryApiOptions): Express {
  const app = express();
  // Before parsers of bodies, which would read what clients push.
  app.use('/registry', createRequestHandler(options));
  app.use(express.json());
  app.get('/', (_, response) => void response.send('hello'));
  return app;
}
