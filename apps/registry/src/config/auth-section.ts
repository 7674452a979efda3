import type { SigningAlgorithm } from '@purser/auth';
import { z } from 'zod';
import { flag, isSection, section, text } from './values.ts';

const list = (expected: string) => z.array(text(), { error: expected });

/** What a challenge is made of. */
const headerText = (expected: string) =>
  text(expected).regex(/^[\x20-\x7e]+$/, { error: `${expected} in printable ASCII characters` });

const silly = section({ realm: headerText('a realm'), service: headerText('a service') });

const policyRule = section({
  /** Globs of names: `*` does not go beyond a slash, `**` does. */
  repositories: list('a list of globs such as team/*').min(1, {
    error: 'a list of globs such as team/*',
  }),
  /** `*` is everyone who logged in. */
  users: list('a list of users').default([]),
  groups: list('a list of groups').default([]),
  /** Whether it is for who did not log in. */
  anonymous: flag(false),
  /** Everything else is denied to whom the rule is for. */
  allow: z.array(
    z.enum(['pull', 'create', 'push', 'delete'], { error: 'pull, create, push or delete' }),
    { error: 'a list of pull, create, push and delete' },
  ),
}).refine(({ users, groups, anonymous }) => users.length > 0 || groups.length > 0 || anonymous, {
  error: 'users, groups or anonymous: true',
  when: isSection,
});

const htpasswd = section({
  realm: headerText('a realm'),
  /** A file of `user:hash` lines with bcrypt hashes. Made with one user when it is missing. */
  path: text('the path of a password file'),
  /** The users of each group, by its name. */
  groups: z.record(z.string(), list('a list of users'), { error: 'a map of groups' }).default({}),
  /** The first rule that is for a caller and a repository decides. Every user may do everything when absent. */
  policy: z.array(policyRule, { error: 'a list of rules' }).optional(),
}).superRefine(({ groups, policy = [] }, context) => {
  for (const [index, rule] of policy.entries()) {
    for (const [place, group] of rule.groups.entries()) {
      if (Object.hasOwn(groups, group)) continue;
      const path = ['policy', index, 'groups', place];
      context.addIssue({ code: 'custom', path, message: 'a group of auth.htpasswd.groups' });
    }
  }
});

/** Those that a public key can verify. Of its types alone, so that who has no tokens need not load what verifies them. */
const VERIFIABLE: Readonly<Record<SigningAlgorithm, true>> = {
  EdDSA: true,
  RS256: true,
  RS384: true,
  RS512: true,
  ES256: true,
  ES384: true,
  ES512: true,
  PS256: true,
  PS384: true,
  PS512: true,
};
const ALGORITHMS = Object.keys(VERIFIABLE) as SigningAlgorithm[];
/** Distribution takes them; no public key can verify them. */
const SYMMETRIC_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;

const token = section({
  /** The URL of the token server. */
  realm: headerText('the URL of a token server'),
  service: headerText('a service'),
  issuer: text('an issuer').min(1, { error: 'an issuer' }),
  /** A PEM file of certificates whose keys sign tokens, or certificates for it. */
  rootcertbundle: text('the path of a PEM file').optional(),
  /** A JWK set: a file, or where a token server publishes the one that it rotates. */
  jwks: text('the path or the https URL of a JWK set').optional(),
  /** Default: all but HS256, HS384 and HS512, which no public key can verify. */
  signingalgorithms: z
    .array(
      z.enum([...ALGORITHMS, ...SYMMETRIC_ALGORITHMS], {
        error: `one of ${ALGORITHMS.join(', ')}`,
      }),
      { error: 'a list of algorithms' },
    )
    .default([])
    .transform((algorithms) => {
      const usable = algorithms.filter(isVerifiable);
      return algorithms.length === 0 ? ALGORITHMS : usable;
    }),
  /** Whether the token server is at the host by which a client reaches this registry, below `autoredirectpath`. */
  autoredirect: flag(false),
  autoredirectpath: headerText('a path')
    .startsWith('/', { error: 'a path such as /auth/token' })
    .default('/auth/token'),
}).refine(({ rootcertbundle, jwks }) => rootcertbundle !== undefined || jwks !== undefined, {
  error: 'rootcertbundle or jwks: one signing key at least',
  when: isSection,
});

const controllers = section({
  /** No access control. */
  none: section({}).optional(),
  silly: silly.optional(),
  htpasswd: htpasswd.optional(),
  token: token.optional(),
});

export const auth = controllers
  .refine((value) => Object.values(value).filter((each) => each !== undefined).length <= 1, {
    error: 'exactly one of htpasswd, token, silly and none',
    when: isSection,
  })
  .transform(toConfig);

/** Who may do what; everyone may do everything with `none`. */
export type AuthConfig =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'silly' } & z.output<typeof silly>)
  | ({ readonly kind: 'htpasswd' } & z.output<typeof htpasswd>)
  | ({ readonly kind: 'token' } & z.output<typeof token>);

export type AuthInput = z.input<typeof controllers>;

function toConfig(chosen: z.output<typeof controllers>): AuthConfig {
  if (chosen.silly !== undefined) return { kind: 'silly', ...chosen.silly };
  if (chosen.htpasswd !== undefined) return { kind: 'htpasswd', ...chosen.htpasswd };
  if (chosen.token !== undefined) return { kind: 'token', ...chosen.token };
  return { kind: 'none' };
}

function isVerifiable(algorithm: string): algorithm is SigningAlgorithm {
  return algorithm in VERIFIABLE;
}

/** Whether a text is a URL, and not a path: it begins with a scheme. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}
