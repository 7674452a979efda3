import type { SampleBlob, SampleManifest } from '@purser/registry-under-test';
import { Facts } from './facts.ts';
import { TagHistory } from './tag-history.ts';

/** An upload that was begun and not ended. */
export interface UnfinishedUpload {
  readonly blob: SampleBlob;
  /** Where it goes on. */
  location: string;
  /** Bytes that the registry has, as far as is known. */
  received: number;
  /** Bytes whose arrival it acknowledged: fewer would be a loss. */
  sure: number;
  /** Whether its end was asked for, so that it may be over. */
  isEnding: boolean;
  /** Whether no client works on it. */
  isLeft: boolean;
}

/** What the clients know of one repository. */
export class RepositoryLedger {
  readonly name: string;
  readonly blobs = new Facts<SampleBlob>();
  readonly manifests = new Facts<SampleManifest>();
  readonly tags = new Map<string, TagHistory>();
  readonly uploads = new Set<UnfinishedUpload>();

  constructor(name: string) {
    this.name = name;
  }

  tag(name: string): TagHistory {
    const history = this.tags.get(name) ?? new TagHistory();
    this.tags.set(name, history);
    return history;
  }
}
