import { describe, expect, it } from 'vitest';
import { channelPair } from '../fixtures/channel-pair.ts';
import { Peer } from './peer.ts';

function createPeers() {
  const [left, right] = channelPair();
  return { asker: new Peer(left), answerer: new Peer(right) };
}

describe('a process that is asked', () => {
  it('answers by name, each question by itself', async () => {
    const { asker, answerer } = createPeers();
    answerer.handle('double', (value) => (value as number) * 2);
    expect(await Promise.all([asker.call('double', 1), asker.call('double', 2)])).toEqual([2, 4]);
  });

  it('says why it could not', async () => {
    const { asker, answerer } = createPeers();
    answerer.handle('fail', () => {
      throw new Error('the reason');
    });
    await expect(asker.call('fail')).rejects.toThrow('the reason');
  });

  it('gives nothing for a name that it does not know', async () => {
    expect(await createPeers().asker.call('what')).toBeUndefined();
  });

  it('fails those who wait when it ends, and those who ask later', async () => {
    const { asker, answerer } = createPeers();
    answerer.handle('wait', () => new Promise(() => {}));
    const waiting = asker.call('wait');
    asker.end(new Error('it has ended'));
    await expect(waiting).rejects.toThrow('it has ended');
    await expect(asker.call('wait')).rejects.toThrow('it has ended');
    asker.tell('nobody hears it');
  });
});

it('what is told arrives in order', async () => {
  const { asker, answerer } = createPeers();
  const heard: unknown[] = [];
  answerer.handle('say', (value) => heard.push(value));
  asker.tell('say', 1);
  asker.tell('say', 2);
  await asker.call('say', 3);
  expect(heard).toEqual([1, 2, 3]);
});
