/** The eight groups of an IPv6 address. */
type Groups = readonly number[];

/** The two groups that hold an IPv4 address. */
type Pair = readonly [high: number, low: number];

interface Form {
  matches(groups: Groups): boolean;
  pairs(groups: Groups): readonly Pair[];
}

const last = (groups: Groups): Pair => [groups[6]!, groups[7]!];
const begins = (groups: Groups, ...prefix: Groups) =>
  prefix.every((group, index) => groups[index] === group);

/** The forms of IPv6 addresses that lead to an IPv4 address. */
const FORMS: readonly Form[] = [
  // IPv4-compatible, IPv4-mapped, IPv4-translated: RFC 4291, section 2.5.5; RFC 2765, section 2.1.
  { matches: (groups) => begins(groups, 0, 0, 0, 0, 0, 0), pairs: (groups) => [last(groups)] },
  { matches: (groups) => begins(groups, 0, 0, 0, 0, 0, 0xffff), pairs: (groups) => [last(groups)] },
  { matches: (groups) => begins(groups, 0, 0, 0, 0, 0xffff, 0), pairs: (groups) => [last(groups)] },
  // NAT64: RFC 6052, section 2.1; RFC 8215 for the prefix of a site.
  {
    matches: (groups) => begins(groups, 0x64, 0xff9b, 0, 0, 0, 0),
    pairs: (groups) => [last(groups)],
  },
  { matches: (groups) => begins(groups, 0x64, 0xff9b, 1), pairs: pairsOfSiteNat64 },
  // 6to4: RFC 3056, section 2.
  { matches: (groups) => begins(groups, 0x2002), pairs: (groups) => [[groups[1]!, groups[2]!]] },
  // Teredo, its server and the inverted address of its client: RFC 4380, section 4.
  {
    matches: (groups) => begins(groups, 0x2001, 0),
    pairs: (groups) => [
      [groups[2]!, groups[3]!],
      [groups[6]! ^ 0xffff, groups[7]! ^ 0xffff],
    ],
  },
  // ISATAP below any prefix: RFC 5214, section 6.1.
  {
    matches: (groups) => (groups[4]! & ~0x0200) === 0 && groups[5] === 0x5efe,
    pairs: (groups) => [last(groups)],
  },
];

/**
 * The IPv4 addresses that an IPv6 address leads to, through a translator or a tunnel; several when it can be read in several
 * ways.
 *
 * @param address An IPv6 address without brackets and zone.
 */
export function embeddedAddresses(address: string): readonly string[] {
  const groups = groupsOf(address);
  return FORMS.filter((form) => form.matches(groups)).flatMap((form) =>
    form.pairs(groups).map(formatPair),
  );
}

/** A site chooses the length of its prefix: 48, 56, 64 or 96. The bits that follow a shorter one are zero. */
function pairsOfSiteNat64(groups: Groups): readonly Pair[] {
  const [, , , fourth = 0, fifth = 0, sixth = 0, seventh = 0, eighth = 0] = groups;
  if (eighth !== 0 || (seventh & 0xff) !== 0) return [last(groups)];
  const after64: Pair = [
    ((fifth & 0xff) << 8) | (sixth >> 8),
    ((sixth & 0xff) << 8) | (seventh >> 8),
  ];
  if (seventh !== 0) return [after64, last(groups)];
  const after56: Pair = [((fourth & 0xff) << 8) | (fifth & 0xff), sixth];
  const after48: Pair = [fourth, ((fifth & 0xff) << 8) | (sixth >> 8)];
  return [after64, after56, after48];
}

function groupsOf(address: string): Groups {
  // A URL has IPv6 addresses in one form: without IPv4 notation.
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [left = [], right = []] = text
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

function formatPair([high, low]: Pair): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
