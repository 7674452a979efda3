/** Something in storage that cannot be what was written: treated as absent, and healed by a push. */
export interface Damage {
  /** The path in the driver's namespace. */
  readonly path: string;
  readonly problem:
    | 'link is no digest'
    | 'link names other content'
    | 'linked content is missing'
    | 'content does not match its digest'
    | 'upload has no valid start time';
}

/** Told of damage each time it is met; must not throw. */
export type DamageReporter = (damage: Damage) => void;
