import type { z } from 'zod';
import { describeFound } from './found.ts';
import { isSecretKey } from './secret-keys.ts';
import type { Origin, Problem } from './problems.ts';
import { nodeAt, type ConfigNode, type MapNode } from './tree.ts';

/** What a schema has against a tree, with its place. */
export function problemOf(issue: z.core.$ZodIssue, tree: MapNode): Problem {
  const steps = issue.path.map(String);
  if (issue.code === 'invalid_key') return keyProblem(issue, steps, tree);
  const key = steps.join('.');
  const node = nodeAt(tree, ...steps);
  // Text that YAML takes for a map, as `Secret: x`.
  const isText = issue.code === 'invalid_type' && node?.kind === 'map' && isSecretKey(key);
  const found = isText ? 'a map' : describeFound(node, key);
  return {
    origin: node === undefined ? nearestOrigin(tree, steps) : originOf(node),
    key,
    message: `expected ${issue.message}, found ${found}`,
  };
}

function keyProblem(
  { issues }: z.core.$ZodIssueInvalidKey,
  steps: readonly string[],
  tree: MapNode,
): Problem {
  const map = nodeAt(tree, ...steps.slice(0, -1)) as MapNode;
  const found = steps.at(-1)!;
  const key = steps.slice(0, -1).join('.');
  return {
    origin: map.entries.get(found)!.origin,
    key,
    message: `expected ${issues[0]!.message}, found ${isSecretKey(key) ? 'a key that is not shown' : found}`,
  };
}

/** A variable that added to a section of the file is what is wrong with the section. */
function originOf(node: ConfigNode): Origin {
  const entries = node.kind === 'map' ? [...node.entries.values()] : [];
  return entries.find(({ origin }) => 'variable' in origin)?.origin ?? node.origin;
}

function nearestOrigin(tree: MapNode, steps: readonly string[]): Origin {
  for (let length = steps.length - 1; length > 0; length--) {
    const node = nodeAt(tree, ...steps.slice(0, length));
    if (node !== undefined) return node.origin;
  }
  return tree.origin;
}

/** In the order of the file, what comes from elsewhere after it; without what only follows from another problem. */
export function worthTelling(problems: readonly Problem[]): Problem[] {
  return problems.filter((problem) => !isConsequence(problem, problems)).sort(byPlace);
}

/** "No driver" adds nothing when a driver is there that this version does not know. */
function isConsequence(problem: Problem, all: readonly Problem[]): boolean {
  return problem.key === 'storage' && all.some(({ key }) => key.startsWith('storage.'));
}

function byPlace(a: Problem, b: Problem): number {
  const [line, column] = placeOf(a.origin);
  const [otherLine, otherColumn] = placeOf(b.origin);
  return line - otherLine || column - otherColumn;
}

function placeOf(origin: Origin): readonly [line: number, column: number] {
  return 'file' in origin ? [origin.line, origin.column] : [Number.MAX_SAFE_INTEGER, 0];
}
