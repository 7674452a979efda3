import { escapeControls, quote } from './escape.ts';

interface LogEntry {
  readonly time: Date;
  readonly level: string;
  readonly message: string;
}

/** Makes one line, without its line break, of a message and its fields. */
export type LineFormatter = (entry: LogEntry, fields: Readonly<Record<string, unknown>>) => string;

/** `time="2026-01-02T03:04:05.006Z" level=info msg="listening on 127.0.0.1:5000" version=0.1.0`, fields sorted by name. */
export const formatText: LineFormatter = ({ time, level, message }, fields) => {
  const parts = [`time="${time.toISOString()}"`, `level=${level}`, `msg=${textValue(message)}`];
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name];
    if (value !== undefined) parts.push(`${textName(name)}=${textValue(value)}`);
  }
  return parts.join(' ');
};

/** One JSON object in the members that Logstash expects. */
export const formatLogstash: LineFormatter = ({ time, level, message }, fields) =>
  escapeControls(
    JSON.stringify({
      ...fields,
      '@timestamp': time.toISOString(),
      '@version': '1',
      level,
      message,
    }),
  );

/** What needs no quotes, by the rule of distribution's logger. */
const BARE = /^[A-Za-z0-9._/@^+-]+$/;

function textName(name: string): string {
  return BARE.test(name) ? name : quote(name);
}

function textValue(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value as string | number);
  return BARE.test(text) ? text : quote(text);
}
