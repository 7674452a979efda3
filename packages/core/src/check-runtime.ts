// Loaded with the errors, which everything needs: an old Node.js would fail later, in the middle of a call.
if (typeof AsyncDisposableStack === 'undefined') {
  throw new Error(
    `@purser/core needs Node.js 24 or newer, or another runtime with AsyncDisposableStack; this is Node.js ${process.versions.node}`,
  );
}
