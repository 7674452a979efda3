/** The parameters of a path pattern, by name. */
export type RouteParameters<Pattern extends string> =
  Pattern extends `${string}:${infer Name}/${infer Rest}`
    ? { readonly [Key in Name]: string } & RouteParameters<Rest>
    : Pattern extends `${string}:${infer Name}`
      ? { readonly [Key in Name]: string }
      : unknown;

/** One endpoint of the registry API: its path read and written. */
export interface Route<Pattern extends string = string> {
  readonly pattern: Pattern;
  /** Matches a decoded path from its start to its end; the parameters are named groups, in the order of the pattern. */
  readonly expression: RegExp;
  /** The parameters of a decoded path; `undefined` when it is no path of this route. They are not validated. */
  parse(path: string): RouteParameters<Pattern> | undefined;
  /** The path for parameters; `parse` reads it back. Parameters that are valid need no encoding in a URL. */
  format(parameters: RouteParameters<Pattern>): string;
}

/** Where a fixed word does not end the name, its own components do. */
const NAME = { optional: '.+', required: '[^/]+(?:/[^/]+)*' } as const;

/**
 * The paths of the registry API, in the order in which they are tried. Repository names have slashes and may contain
 * `blobs`, `manifests` or `tags`: it is the end of a path that decides.
 *
 * @see OCI distribution-spec, "Endpoints"; `catalog` is distribution's.
 */
export const routes = {
  /** end-1 */
  base: route('/v2/'),
  catalog: route('/v2/_catalog'),
  /** end-8 */
  tags: route('/v2/:name/tags/list'),
  /** end-12 */
  referrers: route('/v2/:name/referrers/:digest'),
  /** end-3, end-7, end-9 */
  manifest: route('/v2/:name/manifests/:reference'),
  /** end-4, end-11; the path without its last slash is read as well, for a redirect would turn POST into GET */
  uploads: route('/v2/:name/blobs/uploads/'),
  /** end-5, end-6, end-13, end-14 */
  upload: route('/v2/:name/blobs/uploads/:id'),
  /** end-2, end-10 */
  blob: route('/v2/:name/blobs/:digest'),
  /** Ours: a whole repository, by a path that is no other's and ends with a slash. */
  repository: route('/v2/:name/', { lastSlash: 'required' }),
} as const;

export type RouteName = keyof typeof routes;

function route<const Pattern extends string>(
  pattern: Pattern,
  { lastSlash = 'optional' }: { readonly lastSlash?: 'optional' | 'required' } = {},
): Route<Pattern> {
  const expression = new RegExp(
    `^${pattern
      .replace(/:(\w+)/g, (_, name: string) =>
        name === 'name' ? `(?<name>${NAME[lastSlash]})` : `(?<${name}>[^/]+)`,
      )
      .replace(/\/$/, lastSlash === 'optional' ? '/?' : '/')}$`,
    's',
  );
  return {
    pattern,
    expression,
    parse(path) {
      const match = expression.exec(path);
      return match === null ? undefined : ({ ...match.groups } as RouteParameters<Pattern>);
    },
    format(parameters) {
      const values = (parameters ?? {}) as Readonly<Record<string, string>>;
      return pattern.replace(/:(\w+)/g, (_, name: string) => values[name] ?? '');
    },
  };
}
