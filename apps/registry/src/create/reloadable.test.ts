import { describe, expect, it } from 'vitest';
import { createConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createReload, type Reloadable } from './reloadable.ts';
import { StartError } from './start-error.ts';

class Part implements Reloadable {
  readonly keys = ['catalog'];
  readonly events: string[];
  readonly #name: string;
  #refuses: (config: Config) => boolean;

  constructor(name: string, events: string[], refuses: (config: Config) => boolean = () => false) {
    this.#name = name;
    this.events = events;
    this.#refuses = refuses;
  }

  async prepare(config: Config) {
    const event = (what: string) =>
      void this.events.push(`${this.#name} ${what} ${config.catalog.maxentries}`);
    await new Promise(setImmediate);
    if (this.#refuses(config)) throw new StartError('catalog: too large');
    return { takeEffect: () => event('takes'), discard: () => event('discards') };
  }
}

const withPageOf = (maxentries: number) => createConfig({ catalog: { maxentries } });
const isLarge = ({ catalog }: Config) => catalog.maxentries > 10;

describe('a changed configuration', () => {
  it('takes effect in every part', async () => {
    const events: string[] = [];
    const reload = createReload([new Part('a', events), new Part('b', events)], withPageOf(1));
    await reload(withPageOf(2));
    expect(events).toEqual(['a takes 2', 'b takes 2']);
  });

  it('takes effect in none when one part cannot use it, and what was prepared is let go', async () => {
    const events: string[] = [];
    const parts = [new Part('a', events), new Part('b', events, isLarge), new Part('c', events)];
    const reload = createReload(parts, withPageOf(1));
    await expect(reload(withPageOf(11))).rejects.toThrow(StartError);
    expect(events).toEqual(['a discards 11']);
  });

  it('is the last that took effect when none is given', async () => {
    const events: string[] = [];
    const reload = createReload([new Part('a', events, isLarge)], withPageOf(1));
    await reload();
    await reload(withPageOf(2));
    await expect(reload(withPageOf(11))).rejects.toThrow(StartError);
    await reload();
    expect(events).toEqual(['a takes 1', 'a takes 2', 'a takes 2']);
  });

  it('waits until the one before has taken effect', async () => {
    const events: string[] = [];
    const parts = [new Part('a', events), new Part('b', events)];
    const reload = createReload(parts, withPageOf(1));
    await Promise.all([reload(withPageOf(2)), reload(withPageOf(3)), reload()]);
    const takes = (page: number) => [`a takes ${page}`, `b takes ${page}`];
    expect(events).toEqual([...takes(2), ...takes(3), ...takes(3)]);
  });
});
