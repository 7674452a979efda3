import { glob } from 'node:fs/promises';
import { packageComment, type Document } from './code-blocks.ts';
import { readText, WORKSPACE } from './workspace.ts';

const MARKDOWN = ['*.md', 'docs/**/*.md', '{packages,apps,tools,examples}/*/README.md'];
const INDEXES = '{packages,apps,tools,examples}/*/src/**/index.ts';

/** Every Markdown file of the workspace, and the comment of every package. */
export async function readDocuments(): Promise<Document[]> {
  const documents: (Document | undefined)[] = [];
  for (const file of await find(MARKDOWN)) documents.push({ file, text: await readText(file) });
  for (const file of await find([INDEXES])) {
    documents.push(packageComment(file, await readText(file)));
  }
  return documents.filter((document) => document !== undefined);
}

async function find(patterns: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(patterns, { cwd: WORKSPACE })) files.push(file);
  return files.filter((file) => !file.endsWith('CHANGELOG.md')).toSorted();
}
