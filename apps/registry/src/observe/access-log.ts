import { escapeControls } from './escape.ts';

/** One answered request. */
export interface AccessEntry {
  readonly time: Date;
  readonly remoteAddress: string;
  readonly user?: string | undefined;
  readonly method: string;
  readonly url: string;
  /** `1.1` */
  readonly httpVersion: string;
  readonly status: number;
  /** Bytes of the body. */
  readonly bytes: number;
  readonly referer?: string | undefined;
  readonly userAgent?: string | undefined;
}

/**
 * A line of the Apache combined format, without its line break:
 * `127.0.0.1 - - [02/Jan/2006:15:04:05 -0700] "GET /v2/ HTTP/1.1" 200 2 "" "curl/8"`.
 */
export function formatAccess(entry: AccessEntry): string {
  const { remoteAddress, user = '-', method, url, httpVersion, status, bytes } = entry;
  const request = field(`${method} ${url} HTTP/${httpVersion}`);
  const who = `${remoteAddress} - ${escapeControls(user)} [${formatTime(entry.time)}]`;
  return `${who} ${request} ${status} ${bytes} ${field(entry.referer)} ${field(entry.userAgent)}`;
}

function field(text = ''): string {
  return `"${escapeControls(text.replace(/["\\]/g, '\\$&'))}"`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** In the time zone of the machine, as the format has it. */
function formatTime(time: Date): string {
  const offset = -time.getTimezoneOffset();
  const minutes = Math.abs(offset);
  const zone = `${offset < 0 ? '-' : '+'}${pair(Math.trunc(minutes / 60))}${pair(minutes % 60)}`;
  const day = `${pair(time.getDate())}/${MONTHS[time.getMonth()]}/${time.getFullYear()}`;
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(pair).join(':');
  return `${day}:${clock} ${zone}`;
}

function pair(number: number): string {
  return String(number).padStart(2, '0');
}
