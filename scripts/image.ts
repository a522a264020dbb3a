import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Instruction {
  name: string;
  value: string;
}

/** What an image runs with, for machines that have no container engine. */
export interface Image {
  /** The folder that its WORKDIR has become. */
  directory: string;
  environment: Record<string, string>;
  user: string;
  command: string[];
  healthCheck: string[];
}

export function readDockerfile(path: string): Instruction[] {
  return readFileSync(path, 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...rest] = line.split(' ');
      return { name, value: rest.join(' ').trim() };
    });
}

/** What is sent to a build: .dockerignore here leaves everything out but a list of names. */
export function contextOf(dockerignore: string): string[] {
  const lines = readFileSync(dockerignore, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
}

const listIn = (value: string) => JSON.parse(value.slice(value.indexOf('['))) as string[];

/** The folders of a build: where it copies from, and what each stage has become. */
interface Build {
  root: string;
  context: string[];
  stages: Map<string, string>;
}

/** Sources are names in the context, or paths below the WORKDIR of an earlier stage. */
function copy(value: string, { root, context, stages }: Build, directory: string): void {
  const stage = /--from=(\w+)/.exec(value)?.[1];
  const words = value.split(' ').filter((word) => !word.startsWith('--'));
  const target = words.pop() ?? '';
  for (const word of words) {
    const source = stage === undefined ? word : word.replace(/^\/app\//, '');
    if (stage === undefined && !context.includes(source)) {
      throw new Error(`.dockerignore: keeps ${source} from the build`);
    }
    const from = join(stage === undefined ? root : (stages.get(stage) ?? ''), source);
    const into = join(directory, target, target.endsWith('/') ? source : '');
    cpSync(from, into, { recursive: true, verbatimSymlinks: true });
  }
}

function run(command: string, { directory, environment }: Image): void {
  const { PATH, HOME } = process.env;
  const { status } = spawnSync('sh', ['-c', command], {
    cwd: directory,
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`Dockerfile: RUN ${command} ended with ${status}`);
}

/**
 * Carries out a Dockerfile's steps in folders: COPY copies, RUN runs on this machine. It shows that the
 * steps work and that the last stage has all that the command needs, not what the base image adds.
 */
export function rehearse(root: string, scratch: string): Image {
  const build: Build = {
    root,
    context: contextOf(join(root, '.dockerignore')),
    stages: new Map(),
  };
  let image: Image = {
    directory: scratch,
    environment: {},
    user: '',
    command: [],
    healthCheck: [],
  };
  const steps: Record<string, (value: string) => void> = {
    FROM(value) {
      const name = / AS (\w+)$/.exec(value)?.[1] ?? 'last';
      const directory = join(scratch, name);
      build.stages.set(name, directory);
      image = { directory, environment: {}, user: 'root', command: [], healthCheck: [] };
    },
    WORKDIR: () => mkdirSync(image.directory, { recursive: true }),
    ENV(value) {
      const [name = '', content = ''] = value.split('=');
      image.environment[name] = content;
    },
    COPY: (value) => copy(value, build, image.directory),
    RUN: (value) => run(value, image),
    USER(value) {
      image.user = value;
    },
    EXPOSE: () => {},
    HEALTHCHECK(value) {
      image.healthCheck = listIn(value);
    },
    CMD(value) {
      image.command = listIn(value);
    },
  };
  for (const { name, value } of readDockerfile(join(root, 'Dockerfile'))) {
    const carryOut = steps[name];
    if (!carryOut) throw new Error(`Dockerfile: ${name} cannot be rehearsed`);
    carryOut(value);
  }
  return image;
}
