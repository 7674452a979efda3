import { provideBlob, pushAndDie, readAgain, type Scene } from './blobs.ts';
import { pullTagged } from './checking.ts';
import { attachReferrer } from './manifests.ts';
import type { SoakClient } from './soak-client.ts';
import {
  deleteImage,
  deleteTag,
  pushImage,
  pushIndex,
  pushUntagged,
  retag,
  settleTags,
} from './tagging.ts';

/** What a client does: a name for the tally, how often, and the deed. It gives `false` when it lacks what it needs. */
interface Deed {
  readonly name: string;
  readonly weight: number;
  readonly act: (scene: Scene) => Promise<unknown>;
}

const DEEDS: readonly Deed[] = [
  { name: 'images pushed by tag', weight: 20, act: pushImage },
  { name: 'images pushed by digest', weight: 8, act: pushUntagged },
  { name: 'indexes pushed', weight: 6, act: pushIndex },
  { name: 'tags moved', weight: 10, act: retag },
  { name: 'tags deleted', weight: 10, act: deleteTag },
  { name: 'images deleted', weight: 14, act: deleteImage },
  { name: 'referrers attached', weight: 8, act: ({ actor }) => attachReferrer(actor) },
  { name: 'blobs provided again', weight: 12, act: provideAny },
  { name: 'blobs read again', weight: 12, act: readAgain },
  { name: 'tags pulled', weight: 10, act: pullTagged },
  { name: 'pushes given up', weight: 4, act: pushAndDie },
];
const TOTAL_WEIGHT = DEEDS.reduce((sum, { weight }) => sum + weight, 0);

/** Does one thing after another until the time is over. */
export async function actUntil(actor: SoakClient, isOver: () => boolean): Promise<void> {
  const { repositories, servers } = actor.world;
  while (!isOver()) {
    await servers.untilRunning();
    await actor.attempt('tags settled after a kill', async () => {
      if (actor.tags.doubtful().length === 0) return false;
      return settleTags(actor);
    });
    const scene = { actor, repository: actor.random.pick(repositories) };
    const { name, act } = drawDeed(actor);
    await actor.attempt(name, () => act(scene));
  }
}

function drawDeed({ random }: SoakClient): Deed {
  let rest = random.next() * TOTAL_WEIGHT;
  return DEEDS.find(({ weight }) => (rest -= weight) < 0) ?? random.pick(DEEDS);
}

async function provideAny(scene: Scene): Promise<void> {
  await provideBlob(scene, scene.actor.random.pick(scene.actor.world.pool));
}
