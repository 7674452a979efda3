import { Exclusive } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { UploadSessions } from './uploads.ts';

const TOO_MANY = { code: 'TOOMANYREQUESTS', message: /retry later/ };

/** Requests that hold sessions, or wait for them, until they are released one after the other. */
function requestsFor(sessions: UploadSessions, names: readonly string[]) {
  return names.map((name) => sessions.hold(name).then((release) => release()));
}

describe('requests that wait for an upload session', () => {
  it('are few, so that places held by slow clients of one session are few', async () => {
    const sessions = new UploadSessions(new Exclusive());
    const release = await sessions.hold('a');
    const waiting = requestsFor(sessions, Array<string>(4).fill('a'));
    await expect(sessions.hold('a')).rejects.toMatchObject({ code: TOO_MANY.code });
    await expect(sessions.hold('a')).rejects.toThrow(TOO_MANY.message);
    (await sessions.hold('b'))();
    release();
    await Promise.all(waiting);
    (await sessions.hold('a'))();
  });

  it('are few in all, and none of a session that nobody holds', async () => {
    const sessions = new UploadSessions(new Exclusive());
    const names = Array.from({ length: 16 }, (_, index) => `session ${index}`);
    const releases = await Promise.all(names.map((name) => sessions.hold(name)));
    const waiting = requestsFor(
      sessions,
      names.flatMap((name) => Array<string>(4).fill(name)),
    );
    const last = await sessions.hold('another');
    await expect(sessions.hold('another')).rejects.toMatchObject({ code: TOO_MANY.code });
    for (const release of [...releases, last]) release();
    await Promise.all(waiting);
  });

  it('do not count once they have left', async () => {
    const sessions = new UploadSessions(new Exclusive());
    const release = await sessions.hold('a');
    for (let count = 0; count < 10; count++) {
      const departure = new AbortController();
      const left = sessions.hold('a', { signal: departure.signal });
      departure.abort(new Error('left'));
      await expect(left).rejects.toThrow('left');
    }
    const next = sessions.hold('a');
    release();
    (await next)();
  });
});
