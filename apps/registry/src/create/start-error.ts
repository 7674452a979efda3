/** The server cannot start, and its operator can change that: the message says how, in one line. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
