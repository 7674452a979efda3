/** What a tag names: the digest of a manifest, or nothing. */
export type TagValue = string | undefined;

/** One attempt to move a tag. */
export interface TagMove {
  readonly value: TagValue;
}

interface TimedMove extends TagMove {
  readonly startedAt: number;
  acknowledgedAt: number;
}

/**
 * Knows which values a tag may have now, from the moves that were begun and those that were acknowledged.
 *
 * A move whose request was cut may have happened or not. Of acknowledged moves, one is out of the question only when
 * another was begun after its acknowledgement and acknowledged too: moves that overlap may have happened in any order.
 */
export class TagHistory {
  /** Counts events: only their order matters. */
  #clock = 0;
  #moves: TimedMove[] = [];

  constructor() {
    this.settle(undefined);
  }

  begin(value: TagValue): TagMove {
    const move = { value, startedAt: ++this.#clock, acknowledgedAt: Infinity };
    this.#moves.push(move);
    return move;
  }

  acknowledge(move: TagMove): void {
    const found = this.#moves.find((candidate) => candidate === move);
    if (found !== undefined) found.acknowledgedAt = ++this.#clock;
  }

  /** The values it may have now. */
  possibleValues(): readonly TagValue[] {
    const acknowledged = this.#moves.filter((move) => move.acknowledgedAt !== Infinity);
    const latestStart = Math.max(...acknowledged.map((move) => move.startedAt));
    const possible = this.#moves.filter((move) => move.acknowledgedAt > latestStart);
    return [...new Set(possible.map((move) => move.value))];
  }

  /** It was looked at while nothing was in flight: this is what it is. */
  settle(value: TagValue): void {
    this.#moves = [{ value, startedAt: ++this.#clock, acknowledgedAt: ++this.#clock }];
  }
}
