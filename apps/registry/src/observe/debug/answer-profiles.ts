import type { Context, Middleware } from 'koa';
import { recordProfile, type ProfileKind } from './record-profile.ts';

const DEFAULT_SECONDS = 30;
const MOST_SECONDS = 300;

const PROFILES: ReadonlyMap<string, { readonly kind: ProfileKind; readonly extension: string }> =
  new Map([
    ['/debug/pprof/profile', { kind: 'cpu', extension: 'cpuprofile' }],
    ['/debug/pprof/heap', { kind: 'heap', extension: 'heapprofile' }],
  ]);

const INDEX = `Profiles of this process, one at a time; open them in the developer tools of Chrome or in Visual Studio Code.

/debug/pprof/profile?seconds=30   where time goes (.cpuprofile)
/debug/pprof/heap?seconds=30      who allocates what stays (.heapprofile)
`;

/**
 * Records profiles where distribution has those of Go: as long as `seconds` says, 1 to 300, by default 30. It slows the
 * process down meanwhile. Who leaves ends it.
 */
export function answerProfiles(): Middleware {
  let isRecording = false;

  return async function answerProfiles(context, next) {
    if (context.path === '/debug/pprof' || context.path === '/debug/pprof/') {
      context.body = INDEX;
      return;
    }
    const profile = PROFILES.get(context.path);
    if (profile === undefined) return next();
    const seconds = secondsOf(context);
    if (seconds === undefined) {
      return refuse(context, 400, `seconds must be an integer from 1 to ${MOST_SECONDS}`);
    }
    if (isRecording) {
      return refuse(context, 409, 'a profile is being recorded already; try again when it is over');
    }
    isRecording = true;
    try {
      const { kind, extension } = profile;
      context.body = await recordProfile({ kind, seconds, signal: departureOf(context) });
      context.type = 'application/json';
      context.attachment(`purser-${process.pid}.${extension}`);
    } catch (error) {
      if (!context.res.destroyed) throw error;
    } finally {
      isRecording = false;
    }
  };
}

function secondsOf(context: Context): number | undefined {
  const { seconds = String(DEFAULT_SECONDS) } = context.query;
  if (typeof seconds !== 'string' || !/^\d{1,3}$/.test(seconds)) return undefined;
  const value = Number(seconds);
  return value >= 1 && value <= MOST_SECONDS ? value : undefined;
}

function departureOf({ res }: Context): AbortSignal {
  const departure = new AbortController();
  res.once('close', () => departure.abort());
  return departure.signal;
}

function refuse(context: Context, status: number, message: string): void {
  context.status = status;
  context.body = `${message}\n`;
}
