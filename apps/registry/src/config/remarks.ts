import { DEFAULT } from './effective.ts';
import { formatProblem } from './problems.ts';
import { isEmpty, nodeAt, type ConfigNode, type MapNode } from './tree.ts';

/** A key of a configuration, and a sentence about it. */
type Remark = readonly [key: string, message: string];

const DEPRECATIONS: readonly Remark[] = [
  ['loglevel', 'deprecated: write log.level'],
  ['storage.cache.layerinfo', 'deprecated: write storage.cache.blobdescriptor'],
  ['validation.enabled', 'deprecated: write validation.disabled'],
];

/** @see docs/compatibility.md, "Configuration", "TLS", "Pull-through" and "Cache and events". */
const DIFFERENCES: readonly Remark[] = [
  [
    'http.secret',
    'signs no upload URLs, which hold no state; it encrypts hidden names in links of the catalog',
  ],
  ['http.tls.certificate', 'is followed: a replaced certificate is served without a restart'],
  ['http.h2c.enabled', 'HTTP/2 in clear is spoken by prior knowledge alone, not by Upgrade: h2c'],
  ['redis', 'Redis need not answer at the start: the server works without a cache until it does'],
  ['health.storagedriver.enabled', '/livez answers 200 while the check fails; /readyz answers 503'],
];

/** Remarks for the author of a configuration besides its problems, one line each. */
export interface Remarks {
  readonly deprecations: readonly string[];
  /** Where a key means something else than in distribution. */
  readonly differences: readonly string[];
}

/** @param effective Every key that counts. Defaults are not remarked on. */
export function remarksOn(effective: MapNode): Remarks {
  const linesOf = (remarks: readonly Remark[]) =>
    remarks.flatMap(([key, message]) => {
      const node = nodeAt(effective, ...key.split('.'));
      if (node === undefined || node.origin === DEFAULT || isOff(node)) return [];
      return [formatProblem({ origin: node.origin, key, message })];
    });
  const differences = [...linesOf(DIFFERENCES), ...undrained(effective)];
  return { deprecations: linesOf(DEPRECATIONS), differences };
}

function isOff(node: ConfigNode): boolean {
  return isEmpty(node) || (node.kind === 'scalar' && node.value === false);
}

/** A difference of a key that is not written. */
function undrained(effective: MapNode): readonly string[] {
  const node = nodeAt(effective, 'http', 'draintimeout');
  if (node?.origin !== DEFAULT) return [];
  return ['http.draintimeout: 30s when it is not written; distribution ends requests at once'];
}
