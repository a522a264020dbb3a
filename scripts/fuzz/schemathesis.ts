import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const requirements = 'scripts/fuzz/requirements.txt';
/** As the embedded database: in the user's cache, so that a fresh clone profits too. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'task-manager-api');

async function run(program: string, parameters: readonly string[]): Promise<boolean> {
  const child = spawn(program, parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit').catch(() => [null]);
  return code === 0;
}

/**
 * Installs the pinned version, unless it is there already.
 * @returns where its program is
 * @throws Error that says what is missing
 */
export async function installSchemathesis(): Promise<string> {
  const version = createHash('sha256')
    .update(readFileSync(requirements))
    .digest('hex')
    .slice(0, 12);
  const place = join(cache, `schemathesis-${version}`);
  const program = join(place, 'bin', 'python');
  if (existsSync(place)) return program;
  await mkdir(cache, { recursive: true });
  // Moved to its place when it is whole; what refers to the old one is not used.
  const draft = await mkdtemp(`${place}-`);
  try {
    if (!(await run('python3', ['-m', 'venv', draft]))) {
      throw new Error('This needs python3, 3.10 or newer, with its module venv: install them.');
    }
    const options = ['--quiet', '--no-deps', '--no-compile', '--disable-pip-version-check'];
    const pip = ['-m', 'pip', 'install', ...options, '--requirement', requirements];
    if (!(await run(join(draft, 'bin', 'python'), pip))) {
      throw new Error(`${requirements} could not be installed: see above.`);
    }
    await rename(draft, place);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return program;
}
