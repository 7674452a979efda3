import { join } from 'node:path';
import type { ContainerTools } from '@purser/external-programs';
import type { Action } from './event-actions.ts';
import { buildImageForEachPlatform, buildSmallImage } from './sample-images.ts';

const PLAIN = '--tls-verify=false';
const SOURCE_PLAIN = '--src-tls-verify=false';
const TARGET_PLAIN = '--dest-tls-verify=false';

/**
 * What skopeo and buildah can do, in an order in which all of it can be done to an empty registry. The images are made now.
 *
 * @param folder Where to make them, and where to put what is pulled.
 */
export async function createSkopeoActions(
  tools: ContainerTools,
  folder: string,
): Promise<readonly Action[]> {
  const layout = join(folder, 'small');
  const list = 'event-platforms';
  await buildSmallImage(tools, { folder, layout });
  await buildImageForEachPlatform(tools, { folder, list });
  return [
    ...pushes(tools, { layout, list }),
    ...pulls(tools, folder),
    copyAcross(tools),
    deletion(tools),
  ];
}

/** Layers that are known from another repository are asked for there, and mounted. */
function pushes(
  { skopeo, buildah }: ContainerTools,
  { layout, list }: { readonly layout: string; readonly list: string },
): readonly Action[] {
  const push = (format: string, tells: readonly string[]): Action => ({
    name: `push in format ${format}`,
    tells,
    act: ({ host }) => {
      const target = `docker://${host}/skopeo/${format}:1`;
      return skopeo('copy', '--format', format, TARGET_PLAIN, `oci:${layout}`, target);
    },
  });
  const pushList = (format: string, tells: readonly string[]): Action => ({
    name: `push an index in format ${format}`,
    tells,
    act: ({ host }) => {
      const target = `docker://${host}/buildah/${format}:list`;
      const options = ['--all', '--quiet', PLAIN, `--format=${format}`];
      return buildah('manifest', 'push', ...options, list, target);
    },
  });
  return [
    push('oci', ['push']),
    push('v2s2', ['mount', 'pull', 'push']),
    pushList('oci', ['push']),
    pushList('v2s2', ['mount', 'pull', 'push']),
  ];
}

function pulls({ skopeo }: ContainerTools, folder: string): readonly Action[] {
  let copies = 0;
  const pull = (image: string, ...options: readonly string[]) =>
    skopeo('copy', ...options, SOURCE_PLAIN, image, `dir:${join(folder, `pulled-${copies++}`)}`);
  const pullOf = (name: string, image: string, ...options: readonly string[]): Action => ({
    name,
    tells: ['pull'],
    act: ({ host }) => pull(`docker://${host}/${image}`, ...options),
  });
  return [
    pullOf('pull by tag', 'skopeo/v2s2:1'),
    pullOf('pull an index', 'buildah/oci:list', '--all'),
    pullOf('pull one image of a manifest list', 'buildah/v2s2:list'),
    {
      name: 'pull by digest',
      tells: ['pull'],
      act: async ({ host }) => {
        const repository = `docker://${host}/skopeo/v2s2`;
        const digest = await skopeo('inspect', PLAIN, '--format={{.Digest}}', `${repository}:1`);
        await pull(`${repository}@${digest}`);
      },
    },
  ];
}

function copyAcross({ skopeo }: ContainerTools): Action {
  return {
    name: 'copy to another repository',
    tells: ['mount', 'pull', 'push'],
    act: ({ host }) => {
      const images = ['skopeo/v2s2:1', 'skopeo/copied:2'].map(
        (image) => `docker://${host}/${image}`,
      );
      return skopeo('copy', SOURCE_PLAIN, TARGET_PLAIN, ...images);
    },
  };
}

function deletion({ skopeo }: ContainerTools): Action {
  return {
    name: 'delete',
    tells: ['delete', 'pull'],
    act: ({ host }) => skopeo('delete', PLAIN, `docker://${host}/skopeo/v2s2:1`),
  };
}
