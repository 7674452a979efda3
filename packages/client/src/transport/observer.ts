import type { ErrorCode } from '@purser/core';

/** Something a transport did. URLs come without query and without user. */
export type TransportReport =
  /** An answer came; one report for each hop of a redirect and each attempt. */
  | {
      readonly kind: 'answered';
      readonly method: string;
      readonly url: string;
      readonly status: number;
    }
  /** An attempt failed and another one will follow. */
  | {
      readonly kind: 'retried';
      readonly method: string;
      readonly url: string;
      readonly attempt: number;
      readonly waitMs: number;
      readonly code: ErrorCode;
      readonly status?: number | undefined;
    }
  /** A token server was asked for a token. */
  | { readonly kind: 'token'; readonly realm: string; readonly scopes: readonly string[] }
  /** A mirror did not give what was asked for; another one, or the registry, is asked. */
  | {
      readonly kind: 'passed-over';
      readonly url: string;
      readonly code: ErrorCode;
      readonly status?: number | undefined;
    }
  /** The registry has something to tell its users. @see OCI distribution-spec, "Warnings". */
  | { readonly kind: 'warned'; readonly url: string; readonly text: string };

export type TransportObserver = (report: TransportReport) => void;
