import type { StorageDriver } from './driver.ts';

/**
 * A driver that hands every call on to another one: what a decorator is made of, which puts its own methods in the place
 * of some. A method that the driver leaves out is left out here, too.
 */
export function forwardCalls(driver: StorageDriver): StorageDriver {
  return {
    name: driver.name,
    getContent: (...call) => driver.getContent(...call),
    putContent: (...call) => driver.putContent(...call),
    create: driver.create?.bind(driver),
    openReader: (...call) => driver.openReader(...call),
    openWriter: (...call) => driver.openWriter(...call),
    stat: (...call) => driver.stat(...call),
    list: (...call) => driver.list(...call),
    walk: (...call) => driver.walk(...call),
    move: (...call) => driver.move(...call),
    delete: (...call) => driver.delete(...call),
    listAbandoned: driver.listAbandoned?.bind(driver),
    locate: (...call) => driver.locate(...call),
  };
}
