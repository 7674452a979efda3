import { isIP } from 'node:net';

const URL_VALUE = /^(?:tcp|udp|sctp):\/\/(.+):\d{1,5}$/;
const PORT_VALUE = /^\d{1,5}$/;

/** The ends of names that Kubernetes gives to a Service, and a test of their values. */
const FORMS: readonly (readonly [end: RegExp, isValue: (value: string) => boolean])[] = [
  [/_SERVICE_HOST$/, isAddress],
  [/_SERVICE_PORT(?:_[A-Z0-9_]+)?$/, (value) => PORT_VALUE.test(value)],
  [/_PORT(?:_\d{1,5}_(?:TCP|UDP|SCTP))?$/, isServiceUrl],
  [/_PORT_\d{1,5}_(?:TCP|UDP|SCTP)_PROTO$/, (value) => /^(?:tcp|udp|sctp)$/.test(value)],
  [/_PORT_\d{1,5}_(?:TCP|UDP|SCTP)_PORT$/, (value) => PORT_VALUE.test(value)],
  [/_PORT_\d{1,5}_(?:TCP|UDP|SCTP)_ADDR$/, isAddress],
];

/**
 * True if Kubernetes set a variable, because a Service of the namespace has a name such as `registry` or `registry-auth`. Name and
 * value are both checked, so that no key of a configuration is taken for one.
 *
 * @see Kubernetes, "Service", environment variables.
 */
export function isServiceVariable(name: string, value: string): boolean {
  return FORMS.some(([end, isValue]) => end.test(name) && isValue(value));
}

function isAddress(value: string): boolean {
  return isIP(value) !== 0;
}

function isServiceUrl(value: string): boolean {
  const [, host = ''] = URL_VALUE.exec(value) ?? [];
  return isAddress(host.replace(/^\[(.*)\]$/, '$1'));
}
