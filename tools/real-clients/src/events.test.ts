import { tmpdir } from 'node:os';
import { createContainerTools, needPrograms } from '@purser/external-programs';
import { dockerRegistry, purser, Sandbox } from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainActions, tagActions } from './event-actions.ts';
import {
  asVersion3,
  eventsOf,
  indented,
  recordEvents,
  type Recording,
  type Told,
} from './event-recording.ts';
import { createSkopeoActions } from './skopeo-actions.ts';

const programs = needPrograms('docker-registry');
const clients = needPrograms('docker-registry', 'skopeo', 'buildah');

/** Purser tells what distribution 3 tells. What differs from 2.8, which is here to compare with, is in `asVersion3`. */
describe.skipIf(programs.isUnmet)(`events${programs.note}`, () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-events-' });
  });

  afterAll(() => sandbox[Symbol.asyncDispose]());

  describe.each([
    { title: 'of plain requests', includesReferences: false },
    { title: 'of plain requests, with references', includesReferences: true },
  ])('$title', ({ includesReferences }) => {
    let theirs: Recording;
    let ours: Recording;

    beforeAll(async () => {
      const options = { root: `plain-${includesReferences}`, includesReferences };
      theirs = await recordEvents(sandbox, dockerRegistry(), { ...options, actions: plainActions });
      const actions = [...plainActions, ...tagActions];
      ours = await recordEvents(sandbox, purser(), { ...options, actions });
    });

    it.each(plainActions)('are the same for: $name', ({ name, tells }) => {
      const told = theirs.get(name) ?? [];
      expect(actionsIn(told)).toEqual(tells);
      expect(ours.get(name)).toEqual(told.map(asVersion3));
    });

    it('tell of a tag that is deleted as of one that goes with its manifest', () => {
      const [, untagged] = theirs.get('delete a manifest') ?? [];
      expect(ours.get('delete a tag')).toEqual([asVersion3(untagged!)]);
    });

    it('are compared in the form that distribution writes, to the byte', () => {
      const envelopes = [...theirs.values()].flat().map(({ envelope }) => envelope);
      expect(envelopes.map((envelope) => indented(JSON.parse(envelope)))).toEqual(envelopes);
    });
  });

  it.skipIf(clients.isUnmet)(
    `are the same for whatever skopeo and buildah do${clients.note}`,
    async () => {
      const tools = createContainerTools(sandbox.folder);
      const actions = await createSkopeoActions(tools, sandbox.folder);
      const options = { root: 'skopeo', actions, includesReferences: false };
      const theirs = await recordEvents(sandbox, dockerRegistry(), options);
      const ours = await recordEvents(sandbox, purser(), options);

      // Layers are pushed and pulled at the same time.
      const anyOrder = (recording: Recording, change = (told: Told) => told) =>
        [...recording].map(([name, told]) => [name, told.map(change).toSorted(byEnvelope)]);
      expect(anyOrder(ours)).toEqual(anyOrder(theirs, asVersion3));
      expect(
        [...theirs].map(([name, told]) => [name, [...new Set(actionsIn(told))].toSorted()]),
      ).toEqual(actions.map(({ name, tells }) => [name, tells]));
    },
  );
});

function actionsIn(told: readonly Told[]): readonly string[] {
  return told.flatMap(eventsOf).map(({ action }) => action);
}

function byEnvelope(one: Told, other: Told): number {
  return one.envelope < other.envelope ? -1 : 1;
}
