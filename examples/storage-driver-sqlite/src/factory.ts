import {
  DriverParameterError,
  type DriverFactory,
  type DriverParameters,
} from '@purser/storage-driver';
import { SqliteDriver } from './driver.ts';

/** What a registry loads when its configuration names this package. */
export const driverFactory: DriverFactory = {
  contract: 1,
  create(parameters) {
    const file = readFile(parameters);
    try {
      return SqliteDriver.open(file);
    } catch (cause) {
      const { message } = cause as Error;
      throw new DriverParameterError('file', `cannot be used as a database: ${message}`, { cause });
    }
  },
};

function readFile({ file, ...others }: DriverParameters): string {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new DriverParameterError(unknown, 'unknown parameter; expected file alone');
  }
  if (typeof file !== 'string' || file === '') {
    throw new DriverParameterError('file', 'expected the path of a database file');
  }
  return file;
}
