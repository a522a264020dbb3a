import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './processes.ts';

const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

/** @throws Error that says what is missing */
export function findNginx(): string {
  const found = folders.map((folder) => join(folder, 'nginx')).find((file) => existsSync(file));
  if (found === undefined) throw new Error('nginx is missing: install it, or put it on PATH');
  return found;
}

/** What docs/deployment.md recommends, with other instances and without TLS. */
function recommended(port: number, instances: readonly number[]): string {
  const [, block = ''] =
    /```nginx\n(.*?)```/s.exec(readFileSync('docs/deployment.md', 'utf8')) ?? [];
  const servers = instances.map((instance) => `  server 127.0.0.1:${instance} max_fails=0;\n`);
  const replacements: [string | RegExp, string][] = [
    [/( *server 127\.0\.0\.1:300\d max_fails=0;\n)+/, servers.join('')],
    ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
    [/^ *ssl_certificate.*\n/gm, ''],
  ];
  return replacements.reduce((text, [from, to]) => {
    if (text.search(from) === -1) throw new Error(`docs/deployment.md has no ${String(from)}`);
    return text.replace(from, to);
  }, block);
}

function around(configuration: string, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
pid ${folder}/nginx.pid;
events {}
http {
access_log off;
${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
${configuration}
}
`;
}

async function untilListening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const listens = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (listens) return;
    await sleep(20);
  }
}

/** nginx in front of the instances at these ports, as the docs recommend it. */
export async function startNginx(folder: string, instances: readonly number[]) {
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  const log = join(folder, 'nginx.log');
  await writeFile(file, around(recommended(port, instances), folder));
  const given = ['-e', log, '-c', file];
  const child = spawn(findNginx(), given, { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`nginx has ended: ${readFileSync(log, 'utf8')}`);
  });
  await Promise.race([untilListening(port), ended]);
  ended.catch(() => {});
  return {
    origin: `http://127.0.0.1:${port}`,
    /** What it has complained about. */
    complaints: () => readFileSync(log, 'utf8').split('\n').filter(Boolean),
    async stop(): Promise<void> {
      child.kill('SIGTERM');
      await ended.catch(() => {});
    },
  };
}
