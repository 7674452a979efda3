/** Files, and everything above them in the order of a walk. */
export const TREE_FILES = [
  '/a/b',
  '/a/c/d/e',
  '/a/c/d/f',
  '/a/c-d',
  '/a/z',
  '/a-b/x',
  '/a.b',
  '/ab/c',
  '/b',
];
export const TREE = [
  '/a',
  '/a/b',
  '/a/c',
  '/a/c/d',
  '/a/c/d/e',
  '/a/c/d/f',
  '/a/c-d',
  '/a/z',
  '/a-b',
  '/a-b/x',
  '/a.b',
  '/ab',
  '/ab/c',
  '/b',
];
