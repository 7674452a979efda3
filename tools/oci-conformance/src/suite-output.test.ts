import { describe, expect, it } from 'vitest';
import { parseSuiteOutput } from './suite-output.ts';

const OUTPUT = `Test results
OCI Conformance Test: FAIL
  OCI Conformance Test/ping: Pass
  OCI Conformance Test/sha512 blobs: FAIL
    OCI Conformance Test/sha512 blobs/chunked multi: FAIL
      OCI Conformance Test/sha512 blobs/chunked multi/blob-patch-chunked: FAIL
       - blob patch failed: unexpected status code, expected one of [202], received 502
      OCI Conformance Test/sha512 blobs/chunked multi/blob-delete: Pass
  OCI Conformance Test/image: Skip
    OCI Conformance Test/image/delete: Skip
      OCI Conformance Test/image/delete/tag-delete: Skip
       - registry returned status 405
  OCI Conformance Test/image-uncompressed: Disabled

Configuration:
  registry: 127.0.0.1:5000

OCI Conformance Result: FAIL
  Disabled......................:          1
  Skip..........................:          2
  Pass..........................:       1029
  FAIL..........................:          3
  Error.........................:          4
  Total.........................:       1039

API conformance:
  Tag listing...................:       Pass
`;

describe('parseSuiteOutput', () => {
  it('reads the counts', () => {
    const { counts } = parseSuiteOutput(OUTPUT);
    expect(counts).toEqual({ Disabled: 1, Skip: 2, Pass: 1029, FAIL: 3, Error: 4 });
  });

  it('names the tests without children that did not pass, with what the suite says of each', () => {
    const { unpassed } = parseSuiteOutput(OUTPUT);
    expect(unpassed).toEqual([
      {
        name: 'OCI Conformance Test/sha512 blobs/chunked multi/blob-patch-chunked',
        status: 'FAIL',
        errors: ['blob patch failed: unexpected status code, expected one of [202], received 502'],
      },
      {
        name: 'OCI Conformance Test/image/delete/tag-delete',
        status: 'Skip',
        errors: ['registry returned status 405'],
      },
      { name: 'OCI Conformance Test/image-uncompressed', status: 'Disabled', errors: [] },
    ]);
  });

  it('gives no counts when one of them is missing', () => {
    expect(parseSuiteOutput(OUTPUT.replace(/ {2}Skip.*\n/, '')).counts).toBeUndefined();
    expect(parseSuiteOutput('').counts).toBeUndefined();
  });
});
