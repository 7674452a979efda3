import { expect, it } from 'vitest';
import { registryUrl } from './registry-url.ts';

it.each([
  ['docker.io', 'https://registry-1.docker.io/'],
  ['index.docker.io', 'https://registry-1.docker.io/'],
  ['registry.example', 'https://registry.example/'],
  ['registry.example:5000', 'https://registry.example:5000/'],
  ['localhost:5000', 'http://localhost:5000/'],
  ['127.0.0.1:5000', 'http://127.0.0.1:5000/'],
  ['[::1]:5000', 'http://[::1]:5000/'],
  ['localhost.example', 'https://localhost.example/'],
  ['https://localhost:5000', 'https://localhost:5000/'],
  ['http://registry.example/below/', 'http://registry.example/below/'],
])('reads %s as %s', (text, url) => {
  expect(registryUrl(text).href).toBe(url);
});

it.each([
  '',
  'a b',
  'registry.example/path',
  'ftp://registry.example',
  'https://ann:secret@registry.example',
  'https://registry.example/?token=secret',
])('refuses %j, and repeats nothing of it', (text) => {
  const refusal = {
    code: 'NAME_INVALID',
    message: expect.not.stringContaining('secret') as string,
  };
  expect(() => registryUrl(text)).toThrow(expect.objectContaining(refusal));
});
