import { compareNames, ROOT_PATH } from './path.ts';

/** A file; replaced, never changed, so that whoever holds it has a snapshot. */
export interface MemoryFile {
  readonly chunks: readonly Uint8Array[];
  readonly size: number;
  readonly modifiedAt: Date;
}

export type MemoryNode = MemoryFile | MemoryDirectory;

/** The children of one directory, by name and in order. */
export class MemoryDirectory {
  readonly modifiedAt = new Date();
  readonly #children = new Map<string, MemoryNode>();
  /** In byte order, so that a listing costs what it gives and not what there is. */
  readonly #names: string[] = [];

  get(name: string): MemoryNode | undefined {
    return this.#children.get(name);
  }

  set(name: string, node: MemoryNode): void {
    if (!this.#children.has(name)) this.#names.splice(this.#indexOf(name), 0, name);
    this.#children.set(name, node);
  }

  delete(name: string): void {
    if (this.#children.delete(name)) this.#names.splice(this.#indexOf(name), 1);
  }

  isEmpty(): boolean {
    return this.#names.length === 0;
  }

  /** The first name that sorts strictly after a text. */
  nameAfter(text: string): string | undefined {
    const index = this.#indexOf(text);
    return this.#names[index] === text ? this.#names[index + 1] : this.#names[index];
  }

  /** Where a name is, or would be. */
  #indexOf(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareNames(this.#names[middle] ?? '', name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The names a path is made of; none for `/`. */
export function namesOf(path: string): readonly string[] {
  return path === ROOT_PATH ? [] : path.slice(1).split('/');
}

/** What stands at a path; `undefined` also below a file. */
export function findNode(root: MemoryDirectory, path: string): MemoryNode | undefined {
  let node: MemoryNode | undefined = root;
  for (const name of namesOf(path)) {
    if (!(node instanceof MemoryDirectory)) return undefined;
    node = node.get(name);
  }
  return node;
}
