/** An attack that is under way. */
export interface RunningAttack {
  /** When all that it holds is open. */
  readonly ready: Promise<void>;
  result(): AttackResult;
}

export interface AttackResult {
  /** Connections that are open now. */
  readonly open: number;
  /** Bytes that the attacker could hand to its system. */
  readonly sent: number;
  /** How many answers of each status there were. */
  readonly answers: Readonly<Record<string, number>>;
}
