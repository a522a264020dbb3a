import type { SavedFilter } from '../../src/features/filters/filters.contract.ts';
import type { Member } from './factories.ts';

/** A filter as somebody saves it. */
export const wanted = {
  name: 'To do next',
  filter: '(due < today | priority = urgent) & !label = waiting',
  sort: ['dueDate', '-priority'],
};

/** A filter that somebody has saved. */
export async function saveFilter(member: Member, given: object = {}): Promise<SavedFilter> {
  const answer = await member.send('post', '/filters', { ...wanted, ...given });
  if (answer.status !== 201) throw new Error(`no filter: ${answer.text}`);
  return answer.body as SavedFilter;
}
