const UNSAFE = /[\p{Control}\u2028\u2029]/u;
const EVERY_UNSAFE = /[\p{Control}\u2028\u2029]/gu;

/**
 * Text without control characters, so that what a client sends can neither begin a line of a log nor steer the
 * terminal that shows it. They become `\u001b`, which is an escape in JSON too.
 */
export function escapeControls(text: string): string {
  return UNSAFE.test(text) ? text.replace(EVERY_UNSAFE, escapeCharacter) : text;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Text between double quotes: quotes and backslashes are escaped as well. */
export function quote(text: string): string {
  return escapeControls(JSON.stringify(text));
}
