import type { Member } from '../shared/dataset.ts';
import { median } from '../shared/figures.ts';

const pageSize = 20;
const strideInPages = 5;
const samples = 40;

interface Page {
  nextCursor: string | null;
}

/** The time that a client waits for the first and the thousandth page of a list; they take turns. */
export async function millisecondsOfPages(origin: string, { token }: Member) {
  async function read(limit: number, cursor: string | null) {
    const query = new URLSearchParams({ limit: String(limit), ...(cursor && { cursor }) });
    const startedAt = performance.now();
    const answer = await fetch(`${origin}/api/v1/tasks?${query.toString()}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { nextCursor } = (await answer.json()) as Page;
    if (answer.status !== 200 || nextCursor === null) throw new Error('the list ended too early');
    return { nextCursor, milliseconds: performance.now() - startedAt };
  }

  // A cursor does not depend on the size of the pages: the way there may take larger steps.
  let cursor: string | null = null;
  for (let page = 0; page + strideInPages < 1000; page += strideInPages) {
    ({ nextCursor: cursor } = await read(strideInPages * pageSize, cursor));
  }
  ({ nextCursor: cursor } = await read((strideInPages - 1) * pageSize, cursor));

  const first: number[] = [];
  const thousandth: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    first.push((await read(pageSize, null)).milliseconds);
    thousandth.push((await read(pageSize, cursor)).milliseconds);
  }
  return { page1: median(first), page1000: median(thousandth) };
}
