import { describe, expect, it } from 'vitest';
import { createConfig } from '../config/load.ts';
import type { ConfigInput } from '../config/schema.ts';
import { createLogger, createSilentLogger, type Logger } from './logger.ts';

const NOW = new Date('2026-01-02T03:04:05.006Z');

function record(log: ConfigInput['log'], use: (logger: Logger) => void): string {
  let output = '';
  const write = (line: string) => (output += line);
  use(createLogger(createConfig({ log }).log, { write, now: () => NOW }));
  return output;
}

describe('the text format', () => {
  it('is that of distribution, with sorted fields', () => {
    const output = record({ fields: { service: 'registry' } }, (logger) =>
      logger.info('listening on :5000', { version: '0.1.0', 'a b': 1, gone: undefined }),
    );
    expect(output).toBe(
      'time="2026-01-02T03:04:05.006Z" level=info msg="listening on :5000" "a b"=1 service=registry version=0.1.0\n',
    );
  });

  it('quotes what is not plain', () => {
    const output = record({}, (logger) =>
      logger.info('x', { a: '', b: '"\\', c: { d: [1] }, e: null }),
    );
    expect(output).toContain(String.raw` msg=x a="" b="\"\\" c="{\"d\":[1]}" e=null`);
  });

  it('calls a warning as distribution does', () => {
    expect(record({}, (logger) => logger.warn('x'))).toContain(' level=warning ');
  });
});

describe('the json format', () => {
  it('has time, level and msg beside the fields', () => {
    const output = record({ formatter: 'json', fields: { service: 'registry' } }, (logger) =>
      logger.warn('a <b>', { 'http.request.id': '1', gone: undefined }),
    );
    expect(output.endsWith('\n')).toBe(true);
    expect(output).toContain('a <b>');
    expect(JSON.parse(output)).toEqual({
      time: '2026-01-02T03:04:05.006Z',
      level: 'warning',
      msg: 'a <b>',
      service: 'registry',
      'http.request.id': '1',
    });
  });
});

describe('the logstash format', () => {
  it('has the members that Logstash expects', () => {
    const output = record({ formatter: 'logstash', fields: { service: 'registry' } }, (logger) =>
      logger.error('broken', { path: '/x' }),
    );
    expect(JSON.parse(output)).toEqual({
      '@timestamp': '2026-01-02T03:04:05.006Z',
      '@version': '1',
      level: 'error',
      message: 'broken',
      service: 'registry',
      path: '/x',
    });
  });
});

describe.each(['text', 'json', 'logstash'] as const)('every format: %s', (formatter) => {
  it.each([
    ['error', 1],
    ['warn', 2],
    ['info', 3],
    ['debug', 4],
  ] as const)('tells at level %s what is that grave', (level, lines) => {
    const output = record({ formatter, level }, (logger) => {
      logger.error('x');
      logger.warn('x');
      logger.info('x');
      logger.debug('x');
      expect(logger.isEnabled('info')).toBe(lines >= 3);
    });
    expect(output.match(/\n/g)).toHaveLength(lines);
  });

  it('lets nobody write a line or steer a terminal (log injection)', () => {
    const hostile = 'a\nlevel=info\r\u001b[2J\u009b1m\u2028\u2029\u007f\0b';
    const output = record({ formatter }, (logger) => logger.info(hostile, { [hostile]: hostile }));
    expect(output).toMatch(/^[^\p{Control}\u2028\u2029]+\n$/u);
  });
});

it('a silent logger takes everything and is never asked for more', () => {
  const logger = createSilentLogger();
  logger.error('x');
  expect(logger.isEnabled('error')).toBe(false);
});
