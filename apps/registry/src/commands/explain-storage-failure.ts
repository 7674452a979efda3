import { DriverError } from '@purser/storage-driver';
import { describeError } from '../observe/describe-error.ts';

/**
 * One line for what storage refuses or cannot do, with the place and the reason, however it was wrapped; `undefined`
 * for any other failure, and for one that the driver does not know itself.
 */
export function explainStorageFailure(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const failure = [error, cause].find((one) => DriverError.is(one));
  if (failure === undefined || failure.code === 'FAILED') return undefined;
  const { 'err.message': message, 'err.cause': reason } = describeError(failure);
  return reason === undefined ? `purser: ${message}` : `purser: ${message}: ${reason}`;
}
