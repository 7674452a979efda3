import type { Digest, RepositoryName, Tag } from '@purser/core';
import type { DigestTable } from '../digest-table.ts';
import { NumberList } from '../number-list.ts';
import {
  layerLinkPath,
  referrerPath,
  revisionLinkPath,
  signatureLinkPath,
  tagIndexPath,
} from '../paths.ts';

/** A link that nothing in its repository needs. */
export interface UnneededLink {
  readonly repository: RepositoryName;
  readonly kind: LinkKind;
  /** The digest in the path of the link. */
  readonly name: Digest;
  /** Paths that go with the link: its directory, and entries about it. */
  readonly paths: readonly string[];
}

type LinkKind = 'manifest' | 'blob' | 'signature';

export interface LinkDetails {
  readonly kind: LinkKind;
  readonly name: Digest;
  /** The subject of a manifest, the manifest of a signature. */
  readonly about?: Digest | undefined;
  /** Tags that once named the manifest. */
  readonly history?: readonly Tag[] | undefined;
}

const KINDS = ['manifest', 'blob', 'signature'] as const;

/** Unneeded links by the number of their content, some 20 bytes each. Paths are made when they are asked for. */
export class UnneededLinks {
  readonly #digests: DigestTable;
  readonly #repositories: RepositoryName[] = [];
  /** The last link of a digest, plus one, and for each link the previous one. */
  readonly #last = new NumberList();
  readonly #previous = new NumberList();
  readonly #repository = new NumberList();
  readonly #kind = new NumberList();
  readonly #name = new NumberList();
  /** A number of a digest, plus one. */
  readonly #about = new NumberList();
  readonly #histories = new Map<number, readonly Tag[]>();

  /** @param digests Gets the names of links. */
  constructor(digests: DigestTable) {
    this.#digests = digests;
  }

  has(number: number): boolean {
    return this.#last.at(number) !== 0;
  }

  add(number: number, repository: RepositoryName, link: LinkDetails): void {
    const { kind, name, about, history = [] } = link;
    if (this.#repositories.at(-1) !== repository) this.#repositories.push(repository);
    const index = this.#kind.push(KINDS.indexOf(kind));
    this.#repository.set(index, this.#repositories.length - 1);
    this.#name.set(index, this.#digests.add(name));
    if (about !== undefined) this.#about.set(index, this.#digests.add(about) + 1);
    if (history.length > 0) this.#histories.set(index, history);
    this.#previous.set(index, this.#last.at(number));
    this.#last.set(number, index + 1);
  }

  /** In the order in which they were added. */
  of(number: number): readonly UnneededLink[] {
    const links: UnneededLink[] = [];
    let link = this.#last.at(number);
    for (; link !== 0; link = this.#previous.at(link - 1)) links.push(this.#at(link - 1));
    return links.reverse();
  }

  #at(index: number): UnneededLink {
    const repository = this.#repositories[this.#repository.at(index)]!;
    const kind = KINDS[this.#kind.at(index)]!;
    const name = this.#digests.at(this.#name.at(index));
    const aboutNumber = this.#about.at(index);
    const about = aboutNumber === 0 ? undefined : this.#digests.at(aboutNumber - 1);
    const history = this.#histories.get(index);
    return { repository, kind, name, paths: pathsOf(repository, { kind, name, about, history }) };
  }
}

function pathsOf(
  repository: RepositoryName,
  { kind, name, about, history = [] }: LinkDetails,
): readonly string[] {
  if (kind === 'blob') return [parentOf(layerLinkPath(repository, name))];
  if (kind === 'signature') return [parentOf(signatureLinkPath(repository, about!, name))];
  return [
    parentOf(revisionLinkPath(repository, name)),
    ...(about === undefined ? [] : [referrerPath(repository, about, name)]),
    ...history.map((tag) => parentOf(tagIndexPath(repository, tag, name))),
  ];
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
