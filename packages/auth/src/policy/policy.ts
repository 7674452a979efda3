import type { Access, RepositoryAction, RepositoryName } from '@purser/core';
import { compileGlob, isGlob, type Glob } from './glob.ts';

/** What a rule can allow. `push` and `create` include `pull`; `create` sets tags, but does not move them. */
export type PolicyAction = 'pull' | 'create' | 'push' | 'delete';

/** Who may do what where. */
export interface PolicyRule {
  /** Globs of repository names: `*` does not go beyond a slash, `**` does. */
  readonly repositories: readonly string[];
  /** Names of users; `*` is everyone who logged in. */
  readonly users?: readonly string[] | undefined;
  /** Names of groups. */
  readonly groups?: readonly string[] | undefined;
  /** Whether it is for who did not log in. Default: `false`. */
  readonly anonymous?: boolean | undefined;
  /** What is allowed. Everything else is denied, and everything when this is empty. */
  readonly allow: readonly PolicyAction[];
}

export interface PolicyOptions {
  /** In their order: the first that is for a caller and a repository decides, and no other. Without one, nothing may be done. */
  readonly rules: readonly PolicyRule[];
  /** The users of each group, by its name. */
  readonly groups?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What callers may do, by rules. */
export interface AccessPolicy {
  /**
   * Why a caller may not do all of this, naming the rule; `undefined` when he may.
   *
   * @param user Absent for who did not log in.
   */
  denialOf(user: string | undefined, wanted: readonly Access[]): string | undefined;
  mayPull(user: string | undefined, name: RepositoryName): boolean;
}

const INCLUDED: Readonly<Record<PolicyAction, readonly RepositoryAction[]>> = {
  pull: ['pull'],
  create: ['pull', 'push'],
  push: ['pull', 'push', 'overwrite'],
  delete: ['delete'],
};

/** @throws TypeError when a rule has no repositories, is for nobody, or names a group that is not there. */
export function createPolicy({ rules, groups = {} }: PolicyOptions): AccessPolicy {
  const members = new Map(
    Object.entries(groups).map(([group, users]) => [group, new Set(users)] as const),
  );
  const compiled = rules.map((rule, index) => compileRule(rule, index + 1, members));
  const isOpen = compiled.some(({ rule }) => rule.anonymous === true);

  function denialOf(user: string | undefined, access: Access): string | undefined {
    if (access.type === 'registry') {
      return user !== undefined || isOpen ? undefined : 'the catalog is for who logs in';
    }
    const { name, action } = access;
    const decisive = compiled.find((rule) => rule.isFor(user) && rule.covers(name));
    if (decisive === undefined) {
      return `no rule of the access policy is for ${nameOf(user)} and ${name}`;
    }
    return decisive.actions.has(action) ? undefined : describeDenial(decisive, user, access);
  }

  return {
    denialOf(user, wanted) {
      for (const access of wanted) {
        const denial = denialOf(user, access);
        if (denial !== undefined) return denial;
      }
      return undefined;
    },
    mayPull: (user, name) =>
      denialOf(user, { type: 'repository', name, action: 'pull' }) === undefined,
  };
}

interface CompiledRule {
  readonly rule: PolicyRule;
  readonly number: number;
  readonly actions: ReadonlySet<RepositoryAction>;
  isFor(user: string | undefined): boolean;
  covers: Glob;
}

function compileRule(
  rule: PolicyRule,
  number: number,
  members: ReadonlyMap<string, ReadonlySet<string>>,
): CompiledRule {
  const { repositories, users = [], groups = [], anonymous = false, allow } = rule;
  if (repositories.length === 0) throw new TypeError(`rule ${number} names no repositories`);
  if (users.length === 0 && groups.length === 0 && !anonymous) {
    throw new TypeError(`rule ${number} is for nobody: users, groups or anonymous`);
  }
  const globs = repositories.map((glob) => {
    if (!isGlob(glob)) throw new TypeError(`rule ${number} names no glob such as team/*: ${glob}`);
    return compileGlob(glob);
  });
  const names = new Set(users);
  const sets = groups.map((group) => {
    const set = members.get(group);
    if (set === undefined) throw new TypeError(`rule ${number} names an unknown group: ${group}`);
    return set;
  });
  return {
    rule,
    number,
    actions: new Set(allow.flatMap((action) => INCLUDED[action])),
    isFor(user) {
      if (user === undefined) return anonymous;
      return names.has('*') || names.has(user) || sets.some((set) => set.has(user));
    },
    covers: (name) => globs.some((glob) => glob(name)),
  };
}

function describeDenial(
  { rule, number }: CompiledRule,
  user: string | undefined,
  { name, action }: Access,
): string {
  const allowed = rule.allow.length === 0 ? 'nothing' : rule.allow.join(', ');
  const where = rule.repositories.join(', ');
  return `rule ${number} of the access policy (${where}) allows ${nameOf(user)} ${allowed}, and not to ${action} ${name}`;
}

function nameOf(user: string | undefined): string {
  return user ?? 'who is not logged in';
}
