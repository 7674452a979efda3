import { glob } from 'node:fs/promises';
import { posix } from 'node:path';
import { readCommandLine } from '@purser/registry-under-test';
import { report, type Problem } from './problem.ts';
import { readText, WORKSPACE } from './workspace.ts';

const DOCUMENT = 'docs/conformance.md';
const TESTS = '{packages,apps,tools}/*/src/**/*.test.ts';

/** What stands in the place of a test where there is none. */
const REASON = /^(?:binds clients|left out: .+|not met: .+)$/;
/** The label of a file, and how many titles of it are meant, or the one without its id. */
const ENTRY = /^\[([^\]]+)\] (?:(\d+) titles|(.+))$/;

const usage = `Checks that ${DOCUMENT} is true: every requirement has a test or a reason why not, every test it names
exists, and every test whose title begins with the id of a requirement is named there.

  npm run conformance -w tools/workspace-checks
`;

if (readCommandLine(usage, {})) {
  const { requirements, files } = readTables(await readText(DOCUMENT));
  const titles = await readTitles();
  const subject = `${requirements.length} requirements, ${titles.length} titles of tests`;
  report(subject, [
    ...numberingProblems(requirements),
    ...requirements.flatMap((requirement) => requirementProblems(requirement, { files, titles })),
    ...titles.flatMap((title) => titleProblems(title, { files, requirements })),
  ]);
}

/** A row of the tables. */
interface Requirement {
  readonly id: string;
  readonly line: number;
  /** What stands for its tests: each entry begins with the label of a file, or says why there is no test. */
  readonly entries: readonly string[];
}

/** The title of a test that begins with the id of a requirement. */
interface Title {
  readonly id: string;
  /** What follows the id. */
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

/** The files of tests by their labels. */
type Files = ReadonlyMap<string, string>;

function readTables(text: string): { requirements: readonly Requirement[]; files: Files } {
  const requirements: Requirement[] = [];
  const files = new Map<string, string>();
  for (const [index, content] of text.split('\n').entries()) {
    const [, id] = /^\| ([A-Z]{1,2}-\d+) +\|/.exec(content) ?? [];
    const [, label = '', path] = /^\[([^\]]+)\]: (\S+\.test\.ts)$/.exec(content) ?? [];
    if (path !== undefined) files.set(label, posix.join(posix.dirname(DOCUMENT), path));
    if (id === undefined) continue;
    const entries = content.split('|').at(-2)?.trim().split(' · ') ?? [];
    requirements.push({ id, line: index + 1, entries });
  }
  return { requirements, files };
}

async function readTitles(): Promise<readonly Title[]> {
  const titles: Title[] = [];
  for await (const file of glob(TESTS, { cwd: WORKSPACE })) {
    titles.push(...titlesOf(file, await readText(file)));
  }
  return titles;
}

/** Any text that begins with an id counts: a title may be a row of `it.each`. */
function titlesOf(file: string, source: string): readonly Title[] {
  const texts = source.matchAll(/(['"`])([A-Z]{1,2}-\d+) ((?:\\.|(?!\1)[^\\\n])+)\1/g);
  return [...texts].map(({ index, 2: id = '', 3: escaped = '' }) => ({
    id,
    text: escaped.replace(/\\(.)/g, '$1'),
    file,
    line: source.slice(0, index).split('\n').length,
  }));
}

/** The ids of each group are counted from 1 without gaps, so that none is forgotten, nor given twice. */
function numberingProblems(requirements: readonly Requirement[]): readonly Problem[] {
  const last = new Map<string, number>();
  return requirements.flatMap(({ id, line }) => {
    const [group = '', number] = id.split('-');
    const expected = (last.get(group) ?? 0) + 1;
    last.set(group, Number(number));
    if (Number(number) === expected) return [];
    return [{ file: DOCUMENT, line, message: `${id} stands where ${group}-${expected} belongs` }];
  });
}

function requirementProblems(
  { id, line, entries }: Requirement,
  { files, titles }: { files: Files; titles: readonly Title[] },
): readonly Problem[] {
  if (entries.length === 1 && REASON.test(entries[0] ?? '')) return [];
  const own = titles.filter((title) => title.id === id);
  return entries.flatMap((entry) => {
    const fault = faultOf(entry, { files, titles: own });
    return fault === undefined ? [] : [{ file: DOCUMENT, line, message: `${id}: ${fault}` }];
  });
}

function faultOf(
  entry: string,
  { files, titles }: { files: Files; titles: readonly Title[] },
): string | undefined {
  const [, label, count = '1', text] = ENTRY.exec(entry) ?? [];
  if (label === undefined) return 'neither a test nor a reason why there is none';
  const file = files.get(label);
  if (file === undefined) return `[${label}] is no file of tests`;
  const found = titles.filter((title) => title.file === file);
  if (found.length !== Number(count)) return `[${label}] has ${found.length} titles for it`;
  if (text === undefined || text === found[0]?.text) return undefined;
  return `its title in [${label}] is: ${found[0]?.text}`;
}

function titleProblems(
  { id, text, file, line }: Title,
  { files, requirements }: { files: Files; requirements: readonly Requirement[] },
): readonly Problem[] {
  const labels = requirements
    .filter((requirement) => requirement.id === id)
    .flatMap(({ entries }) => entries.map((entry) => ENTRY.exec(entry)?.[1] ?? ''));
  if (labels.some((label) => files.get(label) === file)) return [];
  return [{ file, line, message: `${DOCUMENT} does not name the test: ${id} ${text}` }];
}
