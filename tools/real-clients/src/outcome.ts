import type { RegistryAnswer } from '@purser/registry-under-test';

/** The status of an answer, and the codes of its errors. */
export type Outcome = readonly [status: number, ...codes: string[]];

export function outcomeOf({ status, body }: RegistryAnswer): Outcome {
  if (status < 400) return [status];
  const { errors } = JSON.parse(body.toString()) as { errors: { code: string }[] };
  return [status, ...errors.map(({ code }) => code)];
}
