import { scenarios } from './scenarios.ts';

const list = Object.entries(scenarios).map(([name, { summary }]) => `  ${name}  ${summary}`);

const usage = `Attacks a registry and fails when an attack costs the server more than its bound.

  npm run attack -- <scenario> [options]
  npm run attack -- <scenario> --help

Scenarios:

${list.join('\n')}
`;

const [name = '--help', ...parameters] = process.argv.slice(2);
const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;

if (scenario !== undefined) await scenario.run(parameters);
else if (name === '--help' || name === '-h') process.stdout.write(usage);
else {
  process.stderr.write(`no scenario ${name}\n\n${usage}`);
  process.exitCode = 2;
}
