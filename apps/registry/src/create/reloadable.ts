import type { Config } from '../config/schema.ts';

/** A part of a running server that takes a changed configuration without a restart. */
export interface Reloadable {
  /** What of the configuration it takes: `log.level`; a section stands for all that is below it. */
  readonly keys: readonly string[];
  /**
   * Reads what the configuration says, and the files that it names, which may have changed although it has not. What was
   * in effect before stays in effect.
   *
   * @throws StartError naming what cannot be used.
   */
  prepare(config: Config): Promise<Prepared>;
}

/** A change that is ready: one of the two is called, once. Neither can fail. */
export interface Prepared {
  takeEffect(): void;
  /** Lets go of it, since another part cannot use the configuration. Nothing to let go of when absent. */
  discard?(): void;
}

/**
 * Gives configurations to all parts of a server, one after the other: each to every part, or to none.
 *
 * @param inEffect The one that it started with.
 * @returns `undefined` stands for the configuration that is in effect. It throws the StartError of the first part that
 * cannot use a configuration.
 */
export function createReload(
  parts: readonly Reloadable[],
  inEffect: Config,
): (changed?: Config) => Promise<void> {
  let current = inEffect;
  let last = Promise.resolve();
  const reload = async (changed = current) => {
    for (const prepared of await prepareAll(parts, changed)) prepared.takeEffect();
    current = changed;
  };
  return (changed) => {
    const done = last.then(() => reload(changed));
    last = done.catch(() => {});
    return done;
  };
}

async function prepareAll(parts: readonly Reloadable[], config: Config): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  try {
    for (const part of parts) prepared.push(await part.prepare(config));
    return prepared;
  } catch (error) {
    for (const change of prepared) change.discard?.();
    throw error;
  }
}
