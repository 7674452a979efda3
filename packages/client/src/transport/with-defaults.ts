/** The members of `defaults`, each as `options` has it, unless it is absent or `undefined` there. */
export function withDefaults<T extends object>(
  options: { readonly [Name in keyof T]?: T[Name] | undefined },
  defaults: T,
): T {
  const found = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof T)[]) {
    found[name] = options[name] ?? defaults[name];
  }
  return found;
}
