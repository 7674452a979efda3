/** A fenced block of a Markdown text. */
export interface CodeBlock {
  /** The first word after the fence: `ts`. */
  readonly language: string;
  /** The line of its first line of content, counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** A Markdown text of the workspace: a file, or the comment of a package. */
export interface Document {
  /** Relative to the workspace. */
  readonly file: string;
  /** The text, on the same lines as in the file. */
  readonly text: string;
}

const BLOCK = /^```(\w+)[^\n]*\n(.*?)^```/gms;
const PACKAGE_COMMENT = /^\/\*\*\n(?: \*[^\n]*\n)*? \* @packageDocumentation\n/m;

export function codeBlocks({ text }: Document): CodeBlock[] {
  return [...text.matchAll(BLOCK)].map(({ index, 1: language = '', 2: content = '' }) => ({
    language,
    line: text.slice(0, index).split('\n').length + 1,
    text: content,
  }));
}

/** The comment that describes a package, as the Markdown it holds; `undefined` when there is none. */
export function packageComment(file: string, source: string): Document | undefined {
  const match = PACKAGE_COMMENT.exec(source);
  if (match === null) return undefined;
  const before = source.slice(0, match.index).replace(/[^\n]/g, '');
  return { file, text: before + match[0].replace(/^(\/\*\*| \* ?)/gm, '') };
}
