import { readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { api, basePath } from '../src/api.ts';
import { settingsSchema } from '../src/config.ts';
import type { Contract, Endpoint } from '../src/contract/endpoint.ts';
import { type ErrorCode, errorCodes } from '../src/errors.ts';
import { statusOf } from '../src/http/problems.ts';

interface Setting {
  name: string;
  description: string;
  /** As it would be written in the environment. */
  default: string | undefined;
  example: string | undefined;
}

function settings(): Setting[] {
  return Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const { description = '', example } = schema.meta() ?? {};
    const fallback = schema instanceof z.ZodPrefault ? schema.def.defaultValue : '';
    return {
      name,
      description,
      default: fallback === '' ? undefined : fallback,
      example: typeof example === 'string' ? example : undefined,
    };
  });
}

/** In the formatter's own layout: every cell as wide as its column. */
export function table(header: string[], rows: string[][]): string {
  const widths = header.map((_, column) =>
    Math.max(3, ...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [header, rule, ...rows].map(line).join('\n');
}

const code = (text: string) => `\`${text}\``;

function settingsTable(): string {
  const rows = settings().map((setting) => [
    code(setting.name),
    setting.default === undefined ? '' : code(setting.default),
    setting.description,
  ]);
  return table(['Setting', 'Default', 'What it does'], rows);
}

/** Who may call: everybody, a session, an administrator's, or also an API token with this scope. */
function callersOf({ access, scope }: Endpoint): string {
  if (access === 'public') return 'everybody';
  if (access === 'admin') return 'administrators';
  return scope === undefined ? 'session' : code(scope);
}

function endpointsTable(): string {
  const contracts: Contract[] = Object.values(api);
  const rows = contracts
    .flatMap((contract) => Object.values(contract))
    .map((endpoint) => [
      code(`${endpoint.method.toUpperCase()} ${endpoint.path}`),
      endpoint.summary,
      callersOf(endpoint),
      String(endpoint.status),
    ]);
  return table([`Below ${code(basePath)}`, 'What it does', 'For', 'Answer'], rows);
}

function errorsTable(): string {
  const codes = Object.keys(errorCodes) as ErrorCode[];
  const rows = codes
    .toSorted((one, other) => statusOf[one] - statusOf[other])
    .map((name) => [String(statusOf[name]), code(name), errorCodes[name].meaning]);
  return table(['Status', 'Code', 'What it means'], rows);
}

/**
 * The text with each table that stands between markers made anew.
 * @throws Error where the markers of one are missing
 */
export function withTablesOf(document: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, content]) => {
    const [begin, end] = [`<!-- ${name}: made by npm run docs -->`, `<!-- /${name} -->`];
    const from = text.indexOf(begin);
    const to = text.indexOf(end);
    if (from < 0 || to < from) throw new Error(`the markers of "${name}" are missing`);
    return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
  }, document);
}

/** The README as it should be. */
export function withTables(readme: string): string {
  return withTablesOf(readme, {
    endpoints: endpointsTable(),
    settings: settingsTable(),
    errors: errorsTable(),
  });
}

/** The contents of .env.example. */
export function environmentExample(): string {
  const entries = settings().map(({ name, description, default: fallback, example }) =>
    [`# ${description.replaceAll('`', '')}`, `# ${name}=${fallback ?? example ?? ''}`].join('\n'),
  );
  const head = [
    '# Copy this file to .env and uncomment what shall differ; nothing here is needed to start.',
    '# What stands here is the default, or an example where there is none. Made by npm run docs.',
  ].join('\n');
  return `${[head, ...entries].join('\n\n')}\n`;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync('.env.example', environmentExample());
  writeFileSync('README.md', withTables(readFileSync('README.md', 'utf8')));
}
