import { expect } from '@jest/globals';
import type { Api } from './api.ts';
import { exchange } from './wire.ts';

type Instance = Pick<Api, 'origin'>;

/** The figures of this name by their labels, as they are written; none where it is left out. */
export async function figures({ origin }: Instance, name: string): Promise<Map<string, number>> {
  const { status, text } = await exchange(`${origin}/metrics`);
  expect(status).toBe(200);
  const lines = text.matchAll(new RegExp(`^${name}(?:{(.*)})? (\\S+)$`, 'gm'));
  return new Map(Array.from(lines, ([, labels = '', value]) => [labels, Number(value)]));
}

export async function figure(
  api: Instance,
  name: string,
  labels = '',
): Promise<number | undefined> {
  return (await figures(api, name)).get(labels);
}

/** Asks until the figure is as it must become. */
export async function until(
  api: Instance,
  name: string,
  matches: (value: number | undefined) => boolean,
): Promise<number | undefined> {
  for (;;) {
    const value = await figure(api, name);
    if (matches(value)) return value;
  }
}
