import { expect, it } from 'vitest';
import { parseUsers } from './parse-users.ts';
import { findUnusableUsers } from './unusable-users.ts';

const BCRYPT = '$2y$05$FD7bmGkQht0vq5FIlD7VSOZ6hCrXrjv2XCI/j/AF3117b.DC44qum';

it('finds the users whose entries are no bcrypt hashes, and repeats no entry', () => {
  const users = parseUsers(`good:${BCRYPT}
apr1:$apr1$salt$0123456789abcdefghijkl
md5:$1$salt$0123456789abcdefghijkl
sha:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=
sha512:$6$salt$0123
yescrypt:$y$j9T$salt$0123
argon:$argon2id$v=19$m=1$0123
crypt:rl.3StKT.4T8M
plain:secret of someone
short:${BCRYPT.slice(0, -1)}
cost:${BCRYPT.replace('$05$', '$99$')}
old:${BCRYPT.replace('$2y$', '$2x$')}
empty:
`);
  expect(findUnusableUsers(users)).toEqual([
    { user: 'apr1', format: 'MD5 (apr1)' },
    { user: 'md5', format: 'MD5 crypt' },
    { user: 'sha', format: 'SHA-1' },
    { user: 'sha512', format: 'SHA-512 crypt' },
    { user: 'yescrypt', format: 'yescrypt' },
    { user: 'argon', format: 'Argon2' },
    { user: 'crypt', format: 'DES crypt' },
    { user: 'plain', format: 'no known hash' },
    { user: 'short', format: 'malformed bcrypt' },
    { user: 'cost', format: 'malformed bcrypt' },
    { user: 'old', format: 'malformed bcrypt' },
    { user: 'empty', format: 'no known hash' },
  ]);
});
