import type { Context } from 'koa';

/** Answers without a body. */
export function answerEmpty(context: Context, status: number): void {
  context.body = null;
  context.status = status;
}

/** Answers 200 with a JSON document and the line break that ends it. */
export function answerJson(context: Context, document: unknown): void {
  context.set('Content-Type', 'application/json');
  context.body = `${JSON.stringify(document)}\n`;
}
