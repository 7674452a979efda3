import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface BalancerPlace {
  /** Where files of the balancer go. */
  readonly folder: string;
  readonly port: number;
  /** Of the registries. */
  readonly ports: readonly number[];
}

export type Balancer = (place: BalancerPlace) => Promise<AsyncDisposable>;

/** nginx as it is by default: HTTP/1.0 and a connection for each request. A refused connection goes to another server. */
export async function startNginx(place: BalancerPlace): Promise<AsyncDisposable> {
  return startNginxWith(place, '');
}

/** nginx with connections to registries that it keeps. */
export async function startNginxWithKeepalive(place: BalancerPlace): Promise<AsyncDisposable> {
  return startNginxWith(place, 'proxy_http_version 1.1; proxy_set_header Connection "";');
}

async function startNginxWith(place: BalancerPlace, settings: string): Promise<AsyncDisposable> {
  const { folder, port, ports } = place;
  const servers = ports.map((each) => `server 127.0.0.1:${each} max_fails=0;`).join(' ');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join(' ');
  // It ignores the user unless it is started by root, who owns the folder.
  const text = `user root; daemon off; pid ${join(folder, 'nginx.pid')}; error_log stderr;
events {}
http {
  access_log off; client_max_body_size 0; ${temporary}
  upstream registries { ${servers} ${settings === '' ? '' : 'keepalive 16;'} }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://registries; proxy_set_header Host $http_host; ${settings} }
  }
}
`;
  const path = join(folder, 'nginx.conf');
  await writeFile(path, text);
  return startProgram('nginx', ['-c', path, '-p', folder], port);
}

/** HAProxy, which asks each registry whether it is ready. */
export async function startHaproxy({
  folder,
  port,
  ports,
}: BalancerPlace): Promise<AsyncDisposable> {
  const servers = ports.map((each, index) => `  server r${index} 127.0.0.1:${each}`).join('\n');
  const text = `defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  option redispatch
frontend registry
  bind 127.0.0.1:${port}
  default_backend registries
backend registries
  option httpchk GET /readyz
  default-server check inter 1s fall 2 rise 1
${servers}
`;
  const path = join(folder, 'haproxy.cfg');
  await writeFile(path, text);
  return startProgram('haproxy', ['-f', path], port);
}

async function startProgram(
  name: string,
  parameters: readonly string[],
  port: number,
): Promise<AsyncDisposable> {
  const child = spawn(name, parameters, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  for (let attempt = 0; !(await isListening(port)); attempt++) {
    if (attempt > 300 || child.exitCode !== null) throw new Error(`${name} does not start`);
    await wait(100);
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
