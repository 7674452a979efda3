import { describe, expect, it } from 'vitest';
import { describeError } from './describe-error.ts';

describe('describeError', () => {
  it('tells the code, the message and what caused it', () => {
    const root = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const error = Object.assign(new Error('write failed', { cause: root }), { code: 'NO_SPACE' });
    expect(describeError(new Error('push failed', { cause: error }))).toMatchObject({
      'err.code': undefined,
      'err.message': 'push failed',
      'err.cause': 'write failed <- no space',
      'err.stack': expect.stringContaining('Error: no space'),
    });
    expect(describeError(error)).toMatchObject({ 'err.code': 'NO_SPACE' });
  });

  it('takes whatever was thrown', () => {
    expect(describeError('text')).toMatchObject({ 'err.message': 'text', 'err.stack': undefined });
    expect(describeError(undefined)).toMatchObject({ 'err.message': 'undefined' });
  });

  it('ends with an error that causes itself', () => {
    const error = new Error('round');
    error.cause = error;
    expect(describeError(error)).toMatchObject({ 'err.message': 'round' });
  });

  it('leaves credentials out', () => {
    const error = new Error('GET https://user:hunter2@host/: Authorization: Bearer hunter2.x');
    expect(JSON.stringify(describeError(error))).not.toContain('hunter2');
  });
});
