import { pino } from 'pino';
import type { LogLevel } from '../config/log-section.ts';
import type { Config } from '../config/schema.ts';
import { escapeControls } from './escape.ts';
import { formatLogstash, formatText, type LineFormatter } from './line-formats.ts';

/** Facts that go with a message, by dotted names such as `http.request.id`. `undefined` ones are left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The application log. It never fails and never waits. */
export type Logger = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>> & {
  /** Whether messages of a level are written at all: spares the work of gathering fields. */
  isEnabled(level: LogLevel): boolean;
};

/** A logger of which more or less can be asked while it is in use. */
export interface AdjustableLogger extends Logger {
  setLevel(level: LogLevel): void;
}

/** Takes whole lines, each with its line break. */
export type LineSink = (line: string) => void;

export interface LoggerOptions {
  readonly write: LineSink;
  /** Default: the time of the machine. */
  readonly now?: (() => Date) | undefined;
}

/** From the least to the most that is told. */
const VERBOSITY: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** The logger that a configuration asks for; its `fields` are on every line. */
export function createLogger(config: Config['log'], options: LoggerOptions): AdjustableLogger {
  switch (config.formatter) {
    case 'json':
      return createJsonLogger(config, options);
    case 'text':
      return createLineLogger(formatText, config, options);
    case 'logstash':
      return createLineLogger(formatLogstash, config, options);
  }
}

/** For whoever asked for no log. */
export function createSilentLogger(): Logger {
  const ignore = () => {};
  return { error: ignore, warn: ignore, info: ignore, debug: ignore, isEnabled: () => false };
}

function createJsonLogger(
  config: Config['log'],
  { write, now = currentTime }: LoggerOptions,
): AdjustableLogger {
  const logger = pino(
    {
      level: config.level,
      base: { ...config.fields },
      timestamp: () => `,"time":"${now().toISOString()}"`,
      formatters: { level: (label) => ({ level: levelName(label) }) },
      hooks: { streamWrite: (line) => `${escapeControls(line.trimEnd())}\n` },
    },
    { write },
  );
  const log = (level: LogLevel) => (message: string, fields?: LogFields) =>
    logger[level](fields ?? {}, message);
  return {
    error: log('error'),
    warn: log('warn'),
    info: log('info'),
    debug: log('debug'),
    isEnabled: (level) => logger.isLevelEnabled(level),
    setLevel: (level) => void (logger.level = level),
  };
}

function createLineLogger(
  format: LineFormatter,
  config: Config['log'],
  { write, now = currentTime }: LoggerOptions,
): AdjustableLogger {
  let most = config.level;
  const isEnabled = (level: LogLevel) => VERBOSITY.indexOf(level) <= VERBOSITY.indexOf(most);
  const log =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (!isEnabled(level)) return;
      const entry = { time: now(), level: levelName(level), message };
      write(`${format(entry, { ...config.fields, ...fields })}\n`);
    };
  return {
    error: log('error'),
    warn: log('warn'),
    info: log('info'),
    debug: log('debug'),
    isEnabled,
    setLevel: (level) => void (most = level),
  };
}

// The word that readers of distribution's logs filter by.
function levelName(level: string): string {
  return level === 'warn' ? 'warning' : level;
}

function currentTime(): Date {
  return new Date();
}
