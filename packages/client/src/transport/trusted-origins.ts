/**
 * Origins that a user listed: as they are, or as hosts, which means their https origin.
 *
 * @throws TypeError for what is neither.
 */
export function trustedOrigins(option: string, list: readonly string[] = []): readonly string[] {
  return list.map((each) => {
    const origin = URL.parse(each.includes('://') ? each : `https://${each}`)?.origin;
    if (origin !== undefined && origin !== 'null') return origin;
    throw new TypeError(`${option} lists ${JSON.stringify(each)}, which is no origin and no host`);
  });
}
