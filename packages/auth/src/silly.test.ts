import { describe, expect, it } from 'vitest';
import { parseRepositoryName, type Access } from '@purser/core';
import { createSillyController } from './silly.ts';

describe('the silly controller', () => {
  const controller = createSillyController({ realm: 'silly-realm', service: 'silly-service' });
  const access = (action: 'pull' | 'push'): Access => ({
    type: 'repository',
    name: parseRepositoryName('team/app'),
    action,
  });

  it.each(['anything', 'Basic abc', 'Bearer'])('takes %j for silly', async (authorization) => {
    const caller = await controller.identify({ authorization });
    expect(caller.user).toBe('silly');
    expect(caller.refusalOf([access('push')])).toBeUndefined();
  });

  it.each([undefined, ''])('asks for a login in place of %j', async (authorization) => {
    const caller = await controller.identify({ authorization });
    expect(caller.user).toBeUndefined();
    expect(caller.refusalOf([])).toEqual({
      kind: 'unauthorized',
      challenges: ['Bearer realm="silly-realm",service="silly-service"'],
    });
  });

  it('names each access by itself', async () => {
    const caller = await controller.identify({});
    expect(caller.refusalOf([access('pull'), access('push')])).toEqual({
      kind: 'unauthorized',
      challenges: [
        'Bearer realm="silly-realm",service="silly-service",scope="repository:team/app:pull repository:team/app:push"',
      ],
    });
  });

  it('is not made with what could not stand in a header', () => {
    expect(() => createSillyController({ realm: 'a\r\nb', service: 's' })).toThrow(TypeError);
  });
});
