/** Access that a request needs, as a token server is asked for it: `repository:library/debian:pull,push`. */
export interface Scope {
  /** `repository`, or `registry` with the name `catalog`. */
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}
