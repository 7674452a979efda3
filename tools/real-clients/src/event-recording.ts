import {
  RegistryClient,
  type RegistryProgram,
  type Sandbox,
  withSettings,
} from '@purser/registry-under-test';
import { listedPlatforms, type Action } from './event-actions.ts';
import { EventEndpoint, type Notification } from './event-endpoint.ts';
import { pushBytes } from './push-bytes.ts';

/** A notification with what differs between any two runs made the same. */
export interface Told {
  readonly contentType: string | undefined;
  /** The text of the envelope. */
  readonly envelope: string;
}

/** What a registry told of each action, by the action's name, in the order in which it was told. */
export type Recording = ReadonlyMap<string, readonly Told[]>;

export interface RecordingOptions {
  /** Folder of the registry's storage, to which the registry's name is added. */
  readonly root: string;
  readonly actions: readonly Action[];
  /** Whether events of manifests say what the manifests refer to. */
  readonly includesReferences: boolean;
}

/**
 * Starts a registry on an empty root, does all the actions to it one after the other, and records what it tells an endpoint.
 *
 * @throws whatever an action throws.
 */
export async function recordEvents(
  sandbox: Sandbox,
  program: RegistryProgram,
  { root, actions, includesReferences }: RecordingOptions,
): Promise<Recording> {
  await using endpoint = await EventEndpoint.listen();
  const notifications = {
    events: { includereferences: includesReferences },
    endpoints: [{ name: 'test', url: endpoint.url, timeout: '5s', threshold: 5, backoff: '1s' }],
  };
  const told = withSettings(program, {
    // Only with it does Purser give one image of a manifest list.
    REGISTRY_COMPATIBILITY_SCHEMA1_ENABLED: 'true',
    REGISTRY_NOTIFICATIONS: JSON.stringify(notifications),
  });
  const registry = await sandbox.start(told, { root: `${root}-${program.name}` });
  const client = new RegistryClient({ ports: [registry.port] });
  try {
    return await record({ client, endpoint, port: registry.port }, actions);
  } finally {
    client.close();
    await registry.stop();
  }
}

interface Recorder {
  readonly client: RegistryClient;
  readonly endpoint: EventEndpoint;
  readonly port: number;
}

/** An endpoint is told in order. So whatever an action gives rise to arrives before what comes of the push after it. */
async function record(
  { client, endpoint, port }: Recorder,
  actions: readonly Action[],
): Promise<Recording> {
  const recording = new Map<string, readonly Told[]>();
  let seen = 0;
  for (const [position, { name, act }] of actions.entries()) {
    await act({ client, host: `127.0.0.1:${port}` });
    const repository = `after/action-${position}`;
    await pushBytes({ client, repository }, Buffer.from(name));
    const before = await endpoint.until(`"repository": "${repository}"`);
    recording.set(
      name,
      before.slice(seen).map((notification) => comparable(notification, port)),
    );
    seen = before.length + 1;
  }
  return recording;
}

const UUID = /"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"/g;
const TIME = /"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"/g;
const PEER = /"addr": "127\.0\.0\.1:\d+"/g;

function comparable({ contentType, body }: Notification, port: number): Told {
  const envelope = body
    .replaceAll(PEER, '"addr": "127.0.0.1:ANY"')
    // Not within a digest.
    .replaceAll(new RegExp(`:${port}(?=[/"])`, 'g'), ':PORT')
    .replaceAll(UUID, '"UUID"')
    .replaceAll(TIME, '"TIME"');
  return { contentType, envelope };
}

interface Descriptor {
  readonly mediaType?: string;
  readonly digest?: string;
  readonly size?: number;
}

interface Target extends Descriptor {
  readonly references?: readonly Descriptor[];
}

interface Envelope {
  readonly events: readonly { readonly action: string; readonly target: Target }[];
}

/** The events in an envelope. */
export function eventsOf({ envelope }: Told): Envelope['events'] {
  return (JSON.parse(envelope) as Envelope).events;
}

/**
 * What distribution 3 tells where distribution 2.8 tells this. The same, save that each descriptor has `mediaType`, `digest` and
 * `size` in this order, even if they are empty; that members of lists are told with their platforms; and that the media type
 * of the envelope is numbered 2.
 */
export function asVersion3(told: Told): Told {
  const events = eventsOf(told).map((event) => {
    const target = descriptorOfVersion3(event.target);
    const { references } = target;
    const listed = references && { references: references.map(referenceOfVersion3) };
    return { ...event, target: { ...target, ...listed } };
  });
  return {
    contentType: told.contentType?.replace('events.v1+json', 'events.v2+json'),
    envelope: indented({ events }),
  };
}

function descriptorOfVersion3<T extends Descriptor>(descriptor: T): T {
  const { mediaType = '', digest = '', size = 0, ...rest } = descriptor;
  return { mediaType, digest, size, ...rest } as T;
}

function referenceOfVersion3(descriptor: Descriptor): Descriptor {
  const platform = listedPlatforms.get(descriptor.digest ?? '');
  return { ...descriptorOfVersion3(descriptor), ...(platform && { platform }) };
}

/** As Go writes JSON with an indentation of three spaces. */
export function indented(value: unknown): string {
  const escape = (character: string) => `\\u00${character.charCodeAt(0).toString(16)}`;
  return JSON.stringify(value, null, 3).replaceAll(/[<>&]/g, escape);
}
