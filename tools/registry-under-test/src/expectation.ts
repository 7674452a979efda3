import type { RegistryAnswer, RegistryClient, RegistryRequest } from './registry-client.ts';

/** A registry answered, but not what it had to. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
  readonly status: number;

  constructor({ method, path }: RegistryRequest, answer: RegistryAnswer, expected: string) {
    const body = answer.body.toString('utf8', 0, 400).trim();
    super(`${method} ${path}: expected ${expected}, got ${answer.status} ${body}`);
    this.status = answer.status;
  }
}

/**
 * Asks, and takes only these statuses for an answer.
 *
 * @throws UnexpectedAnswer for another one; ConnectionLost, NoAnswer.
 */
export async function ask(
  client: RegistryClient,
  request: RegistryRequest,
  statuses: readonly number[],
): Promise<RegistryAnswer> {
  const answer = await client.request(request);
  if (statuses.includes(answer.status)) return answer;
  throw new UnexpectedAnswer(request, answer, statuses.join(' or '));
}
