import { escapeControls } from '../observe/escape.ts';

/**
 * Writes one line, or several at once. A text is always one line, whatever is in it: a line break at its end is optional, and any
 * other control character is escaped. So foreign text cannot steer a terminal or pretend to be a line of the program, and JSON
 * stays JSON.
 */
export type LinesWriter = (lines: string | readonly string[]) => void;

/** @param write Takes text that ends with a line break. */
export function createLinesWriter(write: (text: string) => void): LinesWriter {
  return (lines) => {
    const text = (typeof lines === 'string' ? [lines] : lines).map(asLine).join('');
    if (text !== '') write(text);
  };
}

/** Splits own text of several lines, such as a help text. */
export function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n');
}

function asLine(line: string): string {
  return `${escapeControls(line.endsWith('\n') ? line.slice(0, -1) : line)}\n`;
}
