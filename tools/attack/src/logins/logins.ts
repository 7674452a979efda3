import { writeFileSync } from 'node:fs';
import { request, type ClientRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  median,
  purser,
  readCommandLine,
  Sandbox,
  withSettings,
} from '@purser/registry-under-test';
import { KNOWN_HASH, KNOWN_PASSWORD } from '../known-password.ts';
import { fail, say, type Scenario } from '../scenario.ts';

const usage = `Sends wrong passwords of one user from one address, while other users log in from that address, and that user
from another one. Half of the attacker's clients leave without waiting for an answer.

  npm run attack -- logins [options]

  --rate <n>      wrong passwords a second; default 50
  --seconds <n>   how long; default 15
  --built         runs what npm run build made

Exit status 1 when a right login is refused.
`;

const ATTACKED = 'bob';
const ATTACKER = '127.0.0.2';
const ELSEWHERE = '127.0.0.3';
const LOGIN_EVERY_MS = 300;
/** Until then the attack has filled the queue. */
const HEAD_START_MS = 5000;

interface Outcome {
  readonly status: number;
  readonly ms: number;
}

/** Wrong passwords of one user must not keep others from logging in. */
export const logins: Scenario = {
  summary: 'wrong passwords of one user, faster than they can be hashed',
  async run(parameters) {
    const defaults = { rate: 50, seconds: 15, built: false };
    const options = readCommandLine(usage, defaults, parameters);
    if (options === undefined) return;
    await using sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-attack-' });
    const path = join(sandbox.folder, 'htpasswd');
    const most = Math.ceil((options.seconds * 1000) / LOGIN_EVERY_MS);
    const users = [ATTACKED, ...Array.from({ length: most }, (_, index) => `user${index}`)];
    writeFileSync(path, users.map((user) => `${user}:${KNOWN_HASH}\n`).join(''));
    const auth = JSON.stringify({ htpasswd: { realm: 'Registry', path } });
    const program = withSettings(purser({ isBuilt: options.built }), { REGISTRY_AUTH: auth });
    const registry = await sandbox.start(program, { root: 'root' });
    using _attack = startAttack(registry.port, options.rate);
    await wait(HEAD_START_MS);
    const end = performance.now() + options.seconds * 1000 - HEAD_START_MS;
    report(`${ATTACKED} from another address`, [
      await login(registry.port, { user: ATTACKED, address: ELSEWHERE }),
    ]);
    const outcomes: Outcome[] = [];
    while (performance.now() < end) {
      const user = `user${outcomes.length}`;
      outcomes.push(await login(registry.port, { user, address: ATTACKER }));
      await wait(LOGIN_EVERY_MS);
    }
    report('other users from the address of the attacker', outcomes);
    await registry.stop();
  },
};

function report(who: string, outcomes: readonly Outcome[]): void {
  const times = outcomes.map(({ ms }) => ms);
  const refused = outcomes.filter(({ status }) => status !== 200);
  say(
    `${who}: ${outcomes.length} right logins, ${refused.length} refused, ` +
      `median ${median(times).toFixed(0)} ms, longest ${Math.max(...times).toFixed(0)} ms`,
  );
  for (const { status } of refused) fail(`${who}: a right login was answered with ${status}`);
}

function startAttack(port: number, rate: number): Disposable {
  let sent = 0;
  const open = new Set<ClientRequest>();
  const timer = setInterval(() => {
    const number = sent++;
    const attempt = ask(port, {
      user: ATTACKED,
      password: `wrong ${number}`,
      address: ATTACKER,
    });
    open.add(attempt);
    attempt.on('close', () => open.delete(attempt)).on('response', (answer) => answer.resume());
    if (number % 2 === 0) attempt.on('finish', () => attempt.destroy());
  }, 1000 / rate);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const attempt of open) attempt.destroy();
    },
  };
}

async function login(
  port: number,
  from: { readonly user: string; readonly address: string },
): Promise<Outcome> {
  const startedAt = performance.now();
  const status = await new Promise<number>((resolve, reject) => {
    ask(port, { ...from, password: KNOWN_PASSWORD })
      .on('error', reject)
      .on('response', (answer) => resolve(answer.resume().statusCode ?? 0));
  });
  return { status, ms: performance.now() - startedAt };
}

function ask(
  port: number,
  from: { readonly user: string; readonly password: string; readonly address: string },
): ClientRequest {
  const { user, password, address } = from;
  return request({
    port,
    host: '127.0.0.1',
    path: '/v2/',
    localAddress: address,
    agent: false,
    auth: `${user}:${password}`,
  })
    .on('error', () => {})
    .end();
}
