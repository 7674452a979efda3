import { RegistryError } from '@purser/core';
import { answerEmpty } from '../answers.ts';
import type { MethodTable, RepositoryCall } from '../call.ts';
import { departureSignal } from '../client-departure.ts';

/** Purser's own: distribution has no such endpoint. */
export const repository: MethodTable<RepositoryCall> = { DELETE: removeRepository };

async function removeRepository({ context, repository: { remover } }: RepositoryCall) {
  if (remover === undefined) {
    const message = 'whole repositories cannot be deleted here';
    throw new RegistryError('UNSUPPORTED', { message });
  }
  await remover.remove({ signal: departureSignal(context) });
  answerEmpty(context, 202);
}
