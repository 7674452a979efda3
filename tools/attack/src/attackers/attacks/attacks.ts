import type { HostileClient } from '../hostile-client.ts';
import type { AttackKind } from '../order.ts';
import { askDearly } from './ask-dearly.ts';
import { floodHeaders } from './flood-headers.ts';
import { guessPasswords } from './guess-passwords.ts';
import { holdConnections } from './hold-connections.ts';
import { holdUpload } from './hold-upload.ts';
import { leavePulls } from './leave-pulls.ts';
import { readNothing } from './read-nothing.ts';
import { uploadSlowly } from './upload-slowly.ts';

/** What one hostile client of each kind does. Each returns when it has begun, and goes on. */
export const ATTACKS: Readonly<Record<AttackKind, (client: HostileClient) => Promise<void>>> = {
  'small-answers': (client) => readNothing(client, { path: '/v2/', count: 99 }),
  'blob-answers': (client) =>
    readNothing(client, { path: client.target.content.missingBlob, count: 594 }),
  'large-manifests': (client) =>
    readNothing(client, { path: client.target.content.manifest, count: 52, isHttp1: true }),
  'few-slow-readers': (client) =>
    readNothing(client, { path: client.target.content.blob, count: 50, window: 1 }),
  'slow-readers': (client) =>
    readNothing(client, { path: client.target.content.blob, count: 500, window: 1 }),
  'held-uploads': holdUpload,
  'unfollowed-pulls': leavePulls,
  'wrong-passwords': guessPasswords,
  'dear-requests': askDearly,
  'idle-connections': holdConnections,
  'slow-uploads': uploadSlowly,
  'header-floods': floodHeaders,
};
