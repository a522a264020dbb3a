import type { Accomplice } from './attacks.ts';
import { type Call, createCaller, type Reply } from '../shared/caller.ts';
import type { Choices } from '../shared/random.ts';

interface Batch {
  results: { ids: string[] }[];
}

const base = '/api/v1';

/** Makes accounts on a server: as many as one address may within a minute. */
export function accountsOn(origin: string, choices: Choices) {
  const call = createCaller(origin);

  async function ask(status: number, made: Call): Promise<Reply> {
    const reply = await call({ ...made, path: base + made.path });
    if (reply.status !== status) throw new Error(`${made.path}: ${reply.status} ${reply.text}`);
    return reply;
  }

  async function signUp(): Promise<string> {
    const word = choices.next().toString(36).slice(2);
    const body = { email: `${word}@example.com`, password: `open sesame ${word}`, name: 'Ada' };
    const { text } = await ask(201, { method: 'POST', path: '/auth/register', body });
    return (JSON.parse(text) as { accessToken: string }).accessToken;
  }

  return {
    signUp,
    /** With 100 tasks of 10 kB each, and an attachment of 20 MB. */
    async signUpAccomplice(): Promise<Accomplice> {
      const token = await signUp();
      const task = { title: 'Long', description: 'x'.repeat(9990) };
      const operations = Array.from({ length: 5 }, () => ({ op: 'create', task }));
      const taskIds: string[] = [];
      for (let batch = 0; batch < 20; batch += 1) {
        const request = { method: 'POST', path: '/tasks/batch', token, body: { operations } };
        const { results } = JSON.parse((await ask(200, request)).text) as Batch;
        taskIds.push(...results.flatMap(({ ids }) => ids));
      }
      const path = `/tasks/${taskIds[0]}/attachments`;
      const body = Buffer.alloc(20_000_000, 'x');
      const made = await ask(201, { method: 'POST', path: `${path}?name=large.txt`, token, body });
      const { id } = JSON.parse(made.text) as { id: string };
      return { token, taskIds, content: `${base}${path}/${id}/content` };
    },
  };
}
