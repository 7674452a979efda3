import { describeCancellation } from './cancellation.ts';
import { describeConcurrency } from './concurrency.ts';
import { describeCreating } from './creating.ts';
import { describeDeleting } from './deleting.ts';
import { describeFiles } from './files.ts';
import { describeLargeFiles } from './large-files.ts';
import { describeListing } from './listing.ts';
import { describeMoving } from './moving.ts';
import { describePaths } from './paths.ts';
import { describeReaders } from './readers.ts';
import { describeRedirects } from './redirects.ts';
import { Suite, type DriverConformanceOptions } from './suite.ts';
import { describeWalking } from './walking.ts';
import { describeWriters } from './writers.ts';

/**
 * Defines the tests of the `StorageDriver` contract for one driver.
 *
 * Each test gets a driver of its own from `createDriver`. Nothing may be left in it afterwards but what the test
 * declares. A test that needs what `supports` does not give is skipped, with the reason in its name.
 */
export function describeDriverConformance(name: string, options: DriverConformanceOptions): void {
  const suite = new Suite(options);
  suite.describe(`storage driver ${name}`, () => {
    describePaths(suite);
    describeFiles(suite);
    describeCreating(suite);
    describeReaders(suite);
    describeWriters(suite);
    describeListing(suite);
    describeWalking(suite);
    describeMoving(suite);
    describeDeleting(suite);
    describeRedirects(suite);
    describeConcurrency(suite);
    describeCancellation(suite);
    describeLargeFiles(suite);
  });
}
