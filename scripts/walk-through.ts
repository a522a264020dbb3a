import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

/** Commands of the README with the output that it shows for them, if any. */
export interface Step {
  commands: string;
  shown?: { language: string; text: string };
}

const block = /^```(\w+)\n(.*?)^```$/gms;

/** The steps of the README's walk-through, in their order. */
export function stepsOf(readme: string): Step[] {
  const section = readme.split(/^## /m).find((text) => text.startsWith('A walk through'));
  const steps: Step[] = [];
  for (const [, language = '', text = ''] of (section ?? '').matchAll(block)) {
    const last = steps.at(-1);
    if (language === 'sh') steps.push({ commands: text });
    else if (last) last.shown = { language, text };
  }
  return steps;
}

/**
 * Runs the commands in one shell, with only the address changed.
 * @returns what each step has printed
 * @throws when a command fails or complains
 */
export async function perform(
  steps: Step[],
  origin: string,
  environment: Record<string, string> = {},
): Promise<string[]> {
  const boundary = randomUUID();
  const script = steps
    .map(({ commands }) => commands.replaceAll('http://localhost:3000', origin))
    .join(`\nprintf '\\n%s\\n' ${boundary}\n`);
  // With a socket for its input and no shell around it, bash would read the rc file of a remote login.
  const shell = ['--norc', '-euo', 'pipefail', '-c', script];
  const { stdout, stderr } = await promisify(execFile)('bash', shell, {
    env: { ...process.env, ...environment },
  });
  if (stderr !== '') throw new Error(`the walk-through complains: ${stderr}`);
  return stdout.split(`\n${boundary}\n`);
}

/** What differs from run to run, by its form; "…" is where the README cuts a long value. */
function blurred(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(blurred);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, of]) => [name, blurred(of)]));
  }
  if (typeof value !== 'string') return value;
  return value
    .replace(/^eyJhbGciOiJIUzI1NiIs.*/, '<access token>')
    .replace(/^[0-9a-f]{24}\..*/, '<refresh token>')
    .replace(/\b[0-9a-f]{24}\b/, '<id>')
    .replace(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '<request id>')
    .replace(/^g[0-9A-Za-z]{9}$/, '<rank>')
    .replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, '<instant>');
}

interface Answer {
  head: string[];
  body: unknown;
}

function answersIn(text: string): Answer[] {
  return text
    .replaceAll('\r', '')
    .split(/^(?=HTTP\/1\.1 )/m)
    .map((message) => {
      const [head = '', body = ''] = message.trim().split('\n\n');
      return { head: head.split('\n'), body: body === '' ? null : blurred(JSON.parse(body)) };
    });
}

/**
 * The outputs in the form in which they are to be equal: of the headers only those that the README
 * shows, of the values only what does not differ from run to run.
 */
export function comparable(
  { shown }: Step,
  output: string,
): { expected: unknown; actual: unknown } {
  if (!shown) return { expected: '', actual: output.trim() };
  if (shown.language === 'json') {
    return { expected: blurred(JSON.parse(shown.text)), actual: blurred(JSON.parse(output)) };
  }
  const expected = answersIn(shown.text);
  const actual = answersIn(output).map(({ head, body }, index) => ({
    head: expected[index]?.head.filter((line) => head.includes(line)),
    body,
  }));
  return { expected, actual };
}
