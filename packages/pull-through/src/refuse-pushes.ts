import { RegistryError } from '@purser/core';

/** What a push, a mount or a deletion is answered with where content is only pulled through. */
export async function refusePush(): Promise<never> {
  throw new RegistryError('UNSUPPORTED', {
    message: 'this repository is pulled through from another registry: push to that one',
  });
}
