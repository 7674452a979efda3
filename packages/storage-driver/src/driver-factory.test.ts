import { describe, expect, it } from 'vitest';
import {
  DRIVER_CONTRACT_VERSION,
  DriverParameterError,
  MemoryDriver,
  type DriverFactory,
} from './index.ts';

describe('DriverParameterError', () => {
  it('names the parameter, says what is expected and keeps the cause', () => {
    const cause = new Error('no such directory');
    const error = new DriverParameterError('pool.size', 'expected an integer', { cause });
    expect(error).toMatchObject({
      name: 'DriverParameterError',
      parameter: 'pool.size',
      message: 'expected an integer',
      cause,
    });
  });

  it('is recognised when it comes from another copy of this package', () => {
    const brand = Symbol.for('@purser/storage-driver/DriverParameterError');
    const foreign = Object.assign(new Error(), { [brand]: true });
    expect(DriverParameterError.is(foreign)).toBe(true);
    expect(DriverParameterError.is(new DriverParameterError('file', ''))).toBe(true);
    expect(DriverParameterError.is(new Error())).toBe(false);
    expect(DriverParameterError.is({ [brand]: true })).toBe(false);
    expect(DriverParameterError.is(undefined)).toBe(false);
  });
});

describe('DriverFactory', () => {
  it('states the version of the contract as a number', () => {
    const driverFactory: DriverFactory = { contract: 1, create: () => new MemoryDriver() };
    expect(driverFactory.contract).toBe(DRIVER_CONTRACT_VERSION);
  });
});
