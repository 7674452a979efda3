import { parse } from 'yaml';

/** What a `results.yaml` says, as far as the gate asks. */
export interface SuiteResults {
  /** The registry that was tested. */
  readonly registry: unknown;
  /** The switches that were off, such as `data.sparse`. */
  readonly switchesOff: readonly string[];
  /** How many switches there are. */
  readonly switches: number;
  /** The status of each group of APIs and of each data set, by its label. */
  readonly apis: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
}

/** @throws Error when the text is no YAML, or not of this form. */
export function parseSuiteResults(text: string): SuiteResults {
  const document = asMap(parse(text), 'the document');
  const config = asMap(document['config'], 'config');
  const switches = [
    ...listSwitches('apis', asMap(config['apis'], 'config.apis')),
    ...listSwitches('data', asMap(config['data'], 'config.data')),
  ];
  return {
    registry: config['registry'],
    switchesOff: switches.filter(({ isOn }) => !isOn).map(({ name }) => name),
    switches: switches.length,
    apis: asMap(document['apis'], 'apis'),
    data: asMap(document['data'], 'data'),
  };
}

type YamlMap = Readonly<Record<string, unknown>>;

interface Switch {
  readonly name: string;
  readonly isOn: boolean;
}

function listSwitches(path: string, map: YamlMap): readonly Switch[] {
  return Object.entries(map).flatMap(([key, value]) => {
    const name = `${path}.${key}`;
    return isMap(value) ? listSwitches(name, value) : [{ name, isOn: value === true }];
  });
}

function asMap(value: unknown, what: string): YamlMap {
  if (isMap(value)) return value;
  throw new Error(`${what} is no map`);
}

function isMap(value: unknown): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
