import { deepStrictEqual, match, strictEqual } from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';
import { startEmbeddedDatabase } from '../src/database/embedded.ts';
import { type Image, rehearse } from './image.ts';
import { comparable, perform, stepsOf } from './walk-through.ts';

const newman = 'newman@6.2.2';
const collection = 'postman/task-manager-api.postman_collection.json';

function announce(line: string): void {
  console.log(`== ${line}`);
}

function runOrFail(command: string, parameters: string[], options: object = {}): void {
  const { status } = spawnSync(command, parameters, {
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
  strictEqual(status, 0, `${command} ${parameters[0]} ended with ${status}`);
}

/** HTTPS as in production, with a certificate that only this run trusts. */
function makeCertificate(folder: string) {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-keyout', key, '-out', cert];
  runOrFail('openssl', ['req', '-x509', ...kind, '-days', '2', ...names, ...files], {
    stdio: 'ignore',
  });
  return { cert, key };
}

/** The image's command with only these settings, as a container has it. */
function start({ command, directory, environment }: Image, settings: Record<string, string>) {
  const [program = '', ...parameters] = command;
  return spawn(program, parameters, {
    cwd: directory,
    env: { PATH: process.env['PATH'], ...environment, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The port from the log, once the server listens; the rest of the log is read and forgotten. */
async function portOf(child: ChildProcess): Promise<number> {
  const log = createInterface(child.stdout!);
  for await (const line of log) {
    const { msg, address } = JSON.parse(line) as { msg: string; address?: { port: number } };
    if (msg === 'listening' && address) {
      child.stdout!.resume();
      return address.port;
    }
  }
  throw new Error('the server ended before it listened');
}

async function refusesToStartWithoutSettings(image: Image): Promise<void> {
  const child = start(image, {});
  const complaint = (await child.stderr.toArray()).join('');
  if (child.exitCode === null) await once(child, 'exit');
  strictEqual(child.exitCode, 1);
  match(complaint, /MONGODB_URI: is required.*JWT_SECRET: is required/s);
}

async function followsTheReadme(origin: string, cert: string): Promise<void> {
  const steps = stepsOf(readFileSync('README.md', 'utf8'));
  const outputs = await perform(steps, origin, { CURL_CA_BUNDLE: cert });
  for (const [index, step] of steps.entries()) {
    const { expected, actual } = comparable(step, outputs[index] ?? '');
    deepStrictEqual(actual, expected);
  }
}

/** A mail server on this machine that takes whatever comes. */
async function startMailServer() {
  const subjects: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: async (stream, _session, done) => {
      const mail = Buffer.concat(await stream.toArray()).toString();
      subjects.push(/^Subject: (.*)\r$/m.exec(mail)?.[1] ?? '');
      done();
    },
  });
  const socket = server.listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const address = socket.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `smtp://127.0.0.1:${port}`,
    /** Resolves once there is a mail for each of these; a queue that is busy looks every 5 s. */
    async received(...wanted: RegExp[]): Promise<void> {
      const deadline = performance.now() + 20_000;
      while (!wanted.every((subject) => subject.test(subjects.join('\n')))) {
        if (performance.now() > deadline) throw new Error(`mails are missing: ${subjects.join()}`);
        await sleep(100);
      }
    },
    stop: () => new Promise<void>((stopped) => server.close(stopped)),
  };
}

async function stopsOnSigterm(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  deepStrictEqual(await exited, [0, null]);
}

const scratch = mkdtempSync(join(tmpdir(), 'smoke-test-'));
const database = await startEmbeddedDatabase({ directory: null, announce });
const mailServer = await startMailServer();
let server: ChildProcess | undefined;
try {
  announce('the steps of the Dockerfile, in empty folders');
  const image = rehearse(process.cwd(), scratch);

  announce('without settings the image says what is missing');
  await refusesToStartWithoutSettings(image);

  announce('in production mode, over HTTPS');
  const { cert, key } = makeCertificate(scratch);
  const settings = {
    PORT: '0',
    MONGODB_URI: database.uri,
    JWT_SECRET: randomBytes(32).toString('base64'),
    TLS_CERT_FILE: cert,
    TLS_KEY_FILE: key,
    SMTP_URL: mailServer.url,
  };
  const child = start(image, settings);
  server = child;
  child.stderr.pipe(process.stderr);
  const port = await portOf(child);
  const origin = `https://localhost:${port}`;
  const ready = ['--retry', '30', '--retry-delay', '1', '--cacert', cert, `${origin}/readyz`];
  runOrFail('curl', ['--silent', '--fail', ...ready], { stdio: 'ignore' });

  announce('the health check of the image');
  const [program = '', ...parameters] = image.healthCheck;
  runOrFail(program, parameters, {
    env: { PATH: process.env['PATH'], ...settings, PORT: String(port) },
  });

  announce('the walk-through of the README');
  await followsTheReadme(origin, cert);

  announce('the Postman collection');
  const trust = ['--ssl-extra-ca-certs', cert];
  const target = ['--env-var', `baseUrl=${origin}`];
  runOrFail('npx', ['--yes', newman, 'run', collection, '--bail', ...target, ...trust]);

  announce('the mails that the requests have caused');
  await mailServer.received(/: Verify your e-mail address$/m, /: An API token was made$/m);

  announce('stops when it is told to');
  await stopsOnSigterm(child);
  announce('all is well');
} finally {
  server?.kill('SIGKILL');
  await mailServer.stop();
  await database.stop();
  rmSync(scratch, { recursive: true, force: true });
}
