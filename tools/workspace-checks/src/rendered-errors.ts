import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createManifestDecoder,
  ERROR_MESSAGES,
  RegistryError,
  type ErrorCode,
  type Registry,
} from '@purser/core';
import { createRequestHandler } from '@purser/http-api';

/** What a client gets for an error. */
export interface RenderedError {
  readonly status: number;
  readonly code: string;
}

export const ERROR_CODES = Object.keys(ERROR_MESSAGES) as ErrorCode[];

/** Lets a registry fail with every code, and looks at what the HTTP API makes of it. */
export async function renderEveryError(): Promise<ReadonlyMap<string, RenderedError>> {
  let code: ErrorCode = 'UNKNOWN';
  const fail = () => {
    throw new RegistryError(code);
  };
  const registry: Registry = { repository: fail, repositories: fail };
  const decoder = createManifestDecoder([]);
  const server = createServer(createRequestHandler({ registry, decoder })).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const rendered = new Map<string, RenderedError>();
    for (code of ERROR_CODES) {
      const answer = await fetch(`http://127.0.0.1:${port}/v2/name/tags/list`);
      const { errors } = (await answer.json()) as { errors: readonly [{ code: string }] };
      rendered.set(code, { status: answer.status, code: errors[0].code });
    }
    return rendered;
  } finally {
    server.close();
  }
}
