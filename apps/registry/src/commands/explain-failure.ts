import { RegistryError } from '@purser/core';
import { ConfigurationError } from '../config/problems.ts';
import { StartError } from '../create/start-error.ts';
import { describeError } from '../observe/describe-error.ts';
import { linesOf } from '../show/lines-writer.ts';
import { explainRegistryError } from './explain-registry-error.ts';
import { explainStorageFailure } from './explain-storage-failure.ts';

/** Returns one line for each thing that the operator can change, and all known facts of an unexpected failure. */
export function explainFailure(error: unknown): string | readonly string[] {
  if (error instanceof ConfigurationError) return [...error.warnings, ...error.problems];
  const failure = explainStorageFailure(error);
  if (failure !== undefined) return failure;
  if (RegistryError.is(error)) return explainRegistryError(error);
  if (isSystemError(error)) return `purser: ${error.message}`;
  if (error instanceof StartError) return error.message;
  const facts = Object.values(describeError(error)).filter(Boolean).join('\n');
  return linesOf(`purser: unexpected failure: ${facts}`);
}

/** A refusal of the operating system, with the file and the reason in its message. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}
