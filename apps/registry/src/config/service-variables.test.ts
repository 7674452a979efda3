import { describe, expect, it } from 'vitest';
import type { Environment } from './environment.ts';
import { parseConfig } from './load.ts';

const FILE = 'version: 0.1\nstorage: inmemory\n';

/** The variables that Kubernetes sets for a Service with one port that has a name. */
function variablesOfService(name: string, address = '10.96.0.7'): Environment {
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    [`${name}_SERVICE_HOST`]: address,
    [`${name}_SERVICE_PORT`]: '80',
    [`${name}_SERVICE_PORT_HTTP_API`]: '80',
    [`${name}_PORT`]: `tcp://${host}:80`,
    [`${name}_PORT_80_TCP`]: `tcp://${host}:80`,
    [`${name}_PORT_80_TCP_PROTO`]: 'tcp',
    [`${name}_PORT_80_TCP_PORT`]: '80',
    [`${name}_PORT_80_TCP_ADDR`]: address,
  };
}

describe('variables that Kubernetes sets for a Service', () => {
  it.each([
    'REGISTRY',
    'REGISTRY_AUTH',
    'REGISTRY_STORAGE',
    'REGISTRY_HTTP',
    'REGISTRY_LOG_FIELDS',
  ])('named like %s are ignored with one warning', (name) => {
    const { config, warnings } = parseConfig(FILE, { environment: variablesOfService(name) });
    expect(warnings).toEqual([
      `${name}_PORT: set by Kubernetes for a Service, ignored, as are 7 more; enableServiceLinks: false in the pod leaves them out`,
    ]);
    expect(config).toEqual(parseConfig(FILE).config);
  });

  it('may have addresses of IPv6 and ports of other protocols', () => {
    const environment = {
      ...variablesOfService('REGISTRY_AUTH', 'fd00:10:96::7'),
      REGISTRY_AUTH_PORT_53_UDP: 'udp://10.96.0.7:53',
      REGISTRY_AUTH_PORT_53_UDP_PROTO: 'udp',
    };
    expect(parseConfig(FILE, { environment }).warnings).toHaveLength(1);
  });

  it('leave other variables their effect', () => {
    const environment = { ...variablesOfService('REGISTRY'), REGISTRY_HTTP_ADDR: ':7000' };
    expect(parseConfig(FILE, { environment }).config.http.listen).toMatchObject({ port: 7000 });
  });

  it('are not those of the same name with another value', () => {
    const environment = { REGISTRY_LOG_FIELDS_PORT: '5000', REGISTRY_LOG_FIELDS_SERVICE: 'a' };
    const { config, warnings } = parseConfig(FILE, { environment });
    expect(warnings).toEqual([]);
    expect(config.log.fields).toEqual({ port: 5000, service: 'a' });
  });
});
