import { Agent } from 'node:http';
import { type Call, createCaller, type Reply } from '../shared/caller.ts';
import type { Choices } from '../shared/random.ts';

interface KnownTask {
  id: string;
  etag: string;
}

/** Somebody with a session, and what they know to have. */
export interface Person {
  email: string;
  password: string;
  token: string;
  refreshToken: string;
  tasks: KnownTask[];
  /** Whether an operation of theirs is under way: they do one thing at a time. */
  busy: boolean;
}

/** What comes back is not what was asked for. */
class Unexpected extends Error {}

export interface People {
  readonly all: Person[];
  /** Calls as somebody; any other status than these is a failure. */
  ask(person: Person, call: Call, ...expected: number[]): Promise<Reply>;
  join(): Promise<Person>;
  logIn(person: Person): Promise<void>;
  refresh(person: Person): Promise<void>;
  leave(person: Person): Promise<void>;
  /** Closes connections that nobody uses. */
  hangUp(): void;
}

const base = '/api/v1';

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** The people who use a server, of whom some come and go. */
export function createPeople(origin: string, random: Choices): People {
  const agent = new Agent({ keepAlive: true });
  const call = createCaller(origin, agent);
  const all: Person[] = [];
  const word = () => random.next().toString(36).slice(2, 10);

  async function expectStatus(made: Call, expected: readonly number[]): Promise<Reply> {
    const reply = await call({ ...made, path: base + made.path });
    if (expected.includes(reply.status)) return reply;
    const { method = 'GET', path } = made;
    throw new Unexpected(`${method} ${path}: ${reply.status} ${reply.text.slice(0, 300)}`);
  }

  const post = (path: string, body: object, status: number) =>
    expectStatus({ method: 'POST', path: `/auth/${path}`, body }, [status]);

  function signedIn(person: Person, { text }: Reply): void {
    const { accessToken, refreshToken } = JSON.parse(text) as Tokens;
    Object.assign(person, { token: accessToken, refreshToken });
  }

  return {
    all,
    ask: (person, made, ...expected) => expectStatus({ token: person.token, ...made }, expected),
    async join() {
      const account = { email: `${word()}@example.com`, password: `open sesame ${word()}` };
      const person = { ...account, token: '', refreshToken: '', tasks: [], busy: false };
      signedIn(person, await post('register', { ...account, name: 'Ada' }, 201));
      all.push(person);
      return person;
    },
    async logIn(person) {
      const { email, password } = person;
      await expectStatus({ method: 'POST', path: '/auth/logout', token: person.token }, [204]);
      signedIn(person, await post('login', { email, password }, 200));
    },
    async refresh(person) {
      const { refreshToken } = person;
      signedIn(person, await post('refresh', { refreshToken }, 200));
    },
    async leave(person) {
      all.splice(all.indexOf(person), 1);
      const { token, password } = person;
      const body = { password };
      await expectStatus({ method: 'DELETE', path: '/users/me', token, body }, [204]);
    },
    hangUp: () => agent.destroy(),
  };
}
