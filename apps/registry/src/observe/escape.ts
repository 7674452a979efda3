/** Control characters, line and paragraph separators, and those that change the direction of text. */
const UNSAFE = /[\p{Control}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/u;
const EVERY_UNSAFE = new RegExp(UNSAFE, 'gu');

/**
 * Text without control characters, so that foreign text can neither begin a line nor steer the terminal that shows it, nor
 * reorder what is read there. They become `\u001b`, which is an escape in JSON too.
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
