/** What an attacker is told to do: it runs in a process of its own. */
export interface Attack {
  readonly kind: 'connections' | 'uploads' | 'headers';
  readonly port: number;
  /** The one that its connections come from. */
  readonly address: string;
  /** Connections at a time. */
  readonly count: number;
  /** Of all headers that are sent; for `headers`. */
  readonly bytes: number;
}

/** What an attacker tells. */
export type AttackReport =
  /** It is under way: everything is open. */
  | { readonly kind: 'ready' }
  /** What became of it so far. */
  | {
      readonly kind: 'result';
      readonly open: number;
      readonly sent: number;
      readonly answers: Readonly<Record<string, number>>;
    };

/** What an attacker can be asked. */
export type AttackOrder = 'report';
