import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { useApi } from './support/api.ts';
import { exchange } from './support/wire.ts';

const api = useApi();

interface Rule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

interface Panel {
  type: string;
  title: string;
  datasource: { uid: string };
  targets?: { expr: string; datasource: { uid: string } }[];
  gridPos: { x: number; y: number; w: number; h: number };
}

interface Dashboard {
  panels: Panel[];
  templating: { list: { name: string; type: string; query: string | { query: string } }[] };
}

const read = (path: string) => readFileSync(path, 'utf8');
const alerts = parse(read('ops/alerts.yaml')) as { groups: { rules: Rule[] }[] };
const rules = alerts.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('ops/grafana-dashboard.json')) as Dashboard;
const variables = dashboard.templating.list;
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

/** Everything by which metrics are asked for. */
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...variables.flatMap(({ query }) => (typeof query === 'string' ? [] : [query.query])),
];

const ofTheLanguage = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool']);

/** The metrics that an expression of PromQL names, with the labels that it asks for of each. */
function metricsIn(expression: string): { name: string; labels: string[] }[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|without)\s*\([^)]*\)/g, '')
    .replaceAll(/label_values\((.*), \w+\)/g, '$1');
  const found = bare.matchAll(/([a-zA-Z_:][\w:]*)\s*({[^}]*}|\()?/g);
  return Array.from(found, ([, name = '', rest = '']) => ({ name, rest }))
    .filter(({ name, rest }) => rest !== '(' && !ofTheLanguage.has(name) && !/^e\d/.test(name))
    .map(({ name, rest }) => ({
      name,
      labels: Array.from(rest.matchAll(/(\w+)\s*[=!]/g), ([, label = '']) => label),
    }));
}

/** What Prometheus adds itself. */
const ofPrometheus = new Set(['up']);

/** The metrics of a running instance by their type, and the series that each has. */
async function metricsOfApi(): Promise<Set<string>> {
  const { text } = await exchange(`${api().origin}/metrics`);
  const types = text.matchAll(/^# TYPE (\w+) (\w+)$/gm);
  return new Set(
    Array.from(types, ([, name = '', type]) =>
      type === 'histogram' || type === 'summary'
        ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix)
        : [name],
    ).flat(),
  );
}

const named = expressions.flatMap(metricsIn);

describe('ops/alerts.yaml and ops/grafana-dashboard.json', () => {
  test('ask for metrics that the API has', async () => {
    const known = await metricsOfApi();
    const names = [...new Set(named.map(({ name }) => name))];
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !known.has(name) && !ofPrometheus.has(name))).toEqual([]);
  });

  test('ask for labels that they have', async () => {
    await exchange(`${api().origin}/api/v1/tasks`);
    const labels = {
      http_request_duration_seconds_count: ['method', 'route', 'status'],
      http_request_duration_seconds_bucket: ['method', 'route', 'status', 'le'],
      http_request_duration_seconds_sum: ['method', 'route', 'status'],
      jobs_total: ['name', 'outcome'],
    };
    for (const { name, labels: asked } of named) {
      const had: string[] = labels[name as keyof typeof labels] ?? [];
      const own = asked.filter((label) => !['job', 'instance'].includes(label));
      expect({ name, unknown: own.filter((label) => !had.includes(label)) }).toEqual({
        name,
        unknown: [],
      });
    }
  });

  test('leave none of the own metrics out', async () => {
    const { text } = await exchange(`${api().origin}/metrics`);
    const own = Array.from(text.matchAll(/^# TYPE (\w+)/gm), ([, name = '']) => name).filter(
      (name) => !/^(nodejs|process)_/.test(name),
    );
    const asked = new Set(named.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
    expect(own.filter((name) => !asked.has(name))).toEqual([]);
  });
});

describe('each alert', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s says what is wrong, how bad it is, and what to do',
    (_name, { annotations, labels }) => {
      expect(labels['severity']).toMatch(/^(critical|warning)$/);
      expect(annotations['summary']).toMatch(/\w{3}/);
      expect(annotations['action']?.length).toBeGreaterThan(60);
    },
  );

  test('has a test of its rule that brings it up (promtool test rules)', () => {
    const tested = read('ops/alerts.test.yaml');
    const untested = rules.filter(({ alert }) => !tested.includes(`alertname="${alert}"`));
    expect(untested.map(({ alert }) => alert)).toEqual([]);
  });
});

describe('the dashboard', () => {
  test('takes its data from whatever source is chosen', () => {
    expect(variables.map(({ name, type }) => [name, type])).toContainEqual([
      'datasource',
      'datasource',
    ]);
    const chosen = { type: 'prometheus', uid: '${datasource}' };
    for (const { datasource, targets = [] } of panels) {
      for (const source of [datasource, ...targets.map((target) => target.datasource)]) {
        expect(source).toEqual(chosen);
      }
    }
  });

  test('has panels that do not overlap', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(x).toBeLessThan(24);
          expect([title, taken.get(`${x} ${y}`)]).toEqual([title, undefined]);
          taken.set(`${x} ${y}`, title);
        }
      }
    }
  });
});
