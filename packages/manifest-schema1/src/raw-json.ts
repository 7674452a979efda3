import { escapeForHtml } from './go-json.ts';

/**
 * Takes the members of a JSON object apart without reading them: numbers and text stay as they were written, as in a
 * Go `json.RawMessage`. White space is taken out, and what Go escapes is escaped. Of members with one name the last
 * stays.
 *
 * @param text A JSON object that `JSON.parse` accepts.
 */
export function readRawMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  const compact = escapeForHtml(compactJson(text));
  for (let index = 1; index < compact.length - 1; index++) {
    const colon = endOfString(compact, index);
    const end = endOfValue(compact, colon + 1);
    const name = JSON.parse(compact.slice(index, colon)) as string;
    members.set(name.toWellFormed(), compact.slice(colon + 1, end));
    index = end;
  }
  return members;
}

/** Takes out white space. Loops and no expression over strings: a config can be one string of megabytes. */
function compactJson(text: string): string {
  const pieces: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '"') {
      index = endOfString(text, index) - 1;
    } else if (character <= ' ') {
      pieces.push(text.slice(start, index));
      start = index + 1;
    }
  }
  pieces.push(text.slice(start));
  return pieces.join('');
}

/** The place after the quote that closes a string. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '"') return index + 1;
    if (character === '\\') index++;
  }
  return text.length;
}

/** The place after a value, where a comma or a brace is. */
function endOfValue(compact: string, start: number): number {
  let depth = 0;
  for (let index = start; index < compact.length; index++) {
    const character = compact.charAt(index);
    if (depth === 0 && (character === ',' || character === '}')) return index;
    if (character === '"') index = endOfString(compact, index) - 1;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
  }
  return compact.length;
}
