import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import mongoose from 'mongoose';
import { createClient } from '../src/client.ts';
import { readCommand } from '../src/features/admin/command.ts';
import { SecurityEventModel } from '../src/features/security-events/security-events.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { changeRecord, secondFactor } from './support/account-records.ts';
import { useApi } from './support/api.ts';
import { newAccount } from './support/clients.ts';
import { type Member, signUp } from './support/factories.ts';
import { inFolder, originOf, spawnIn, startProcess } from './support/processes.ts';

// Each command is a process of its own, which takes seconds on a busy machine.
jest.setTimeout(120_000);

interface Ended {
  status: number | null;
  output: string;
  complaint: string;
}

/** Runs the command in a folder, with these settings and no others. */
async function run(
  folder: string,
  settings: Record<string, string>,
  ...given: string[]
): Promise<Ended> {
  const child = spawnIn(folder, settings, 'admin.js', ...given);
  const [output, complaint, [status]] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { status, output: output.join(''), complaint: complaint.join('') };
}

describe('with the database of the settings', () => {
  const api = useApi();

  const admin = async (...given: string[]): Promise<Ended> => {
    const { host, port, name } = mongoose.connection;
    const ended: Ended[] = [];
    await inFolder(async (folder) => {
      const settings = { MONGODB_URI: `mongodb://${host}:${port}/${name}` };
      ended.push(await run(folder, settings, ...given));
    });
    return ended[0] as Ended;
  };

  const eventsOf = async ({ user }: Member) =>
    (await SecurityEventModel.find({ userId: user.id, type: /^role/ }).sort({ at: 1 }).lean()).map(
      ({ type, address }) => ({ type, address }),
    );

  const said = (line: string): Ended => ({ status: 0, output: `${line}\n`, complaint: '' });

  test('makes an administrator, once, and says that a second factor is needed', async () => {
    const member = await signUp(api());
    const { email } = member.user;
    const needs = expect.stringContaining('needs a second factor');
    const first = await admin('grant', email.toUpperCase());
    expect(first).toEqual({ status: 0, output: needs, complaint: '' });
    expect(first.output).toMatch(new RegExp(`^${email} is now an administrator\\. .*\\n$`));
    expect(await admin('grant', email)).toMatchObject({
      status: 0,
      output: expect.stringMatching(`^${email} is already an administrator\\. `),
    });
    expect(await UserModel.findById(member.user.id).lean()).toMatchObject({ role: 'admin' });
    expect(await eventsOf(member)).toEqual([{ type: 'role_granted', address: '' }]);
  });

  test('takes the role away again, from the next request on', async () => {
    const member = await signUp(api());
    const { email } = member.user;
    await changeRecord(member, { secondFactor });
    expect(await admin('grant', email)).toEqual(said(`${email} is now an administrator.`));
    expect((await member.send('get', '/admin/users')).status).toBe(200);
    expect(await admin('revoke', email)).toEqual(said(`${email} is no longer an administrator.`));
    expect((await member.send('get', '/admin/users')).body.code).toBe('not_allowed');
    expect(await admin('revoke', email)).toEqual(said(`${email} is not an administrator.`));
    const types = (await eventsOf(member)).map(({ type }) => type);
    expect(types).toEqual(['role_granted', 'role_revoked']);
  });

  test('lists the administrators, with what keeps them from their work', async () => {
    await UserModel.updateMany({}, { $set: { role: 'user' } });
    expect(await admin('list')).toEqual(said('There are no administrators.'));
    const [ready, disabled] = [await signUp(api()), await signUp(api())];
    await signUp(api());
    const role = 'admin';
    await changeRecord(ready, { role, secondFactor });
    await changeRecord(disabled, { role, disabledAt: new Date() });
    const lines = [ready.user.email, `${disabled.user.email} (no second factor yet, disabled)`];
    expect(await admin('list')).toEqual(said(lines.join('\n')));
  });

  test('knows no account with another address', async () => {
    expect(await admin('grant', 'nobody@example.com')).toEqual({
      status: 1,
      output: '',
      complaint: 'No account has the e-mail address nobody@example.com.\n',
    });
  });

  test('leaves accounts alone that are about to be gone', async () => {
    const { user } = await signUp(api());
    const mark = { deletedAt: new Date(), emailKey: `deleted:${user.id}`, email: '-' };
    await UserModel.updateOne({ _id: user.id }, { $set: mark });
    expect(await admin('grant', mark.emailKey)).toMatchObject({ status: 1, output: '' });
    expect(await UserModel.findById(user.id).lean()).toMatchObject({ role: 'user' });
  });
});

describe('with the embedded database', () => {
  const grants = async (folder: string, email: string) => {
    const { status, output, complaint } = await run(folder, {}, 'grant', email);
    expect({ status, complaint }).toEqual({ status: 0, complaint: '' });
    expect(output).toMatch(`${email} is `);
  };

  test('works while the server runs, and while it does not', () =>
    inFolder(async (folder) => {
      const account = newAccount();
      const server = startProcess(folder, { PORT: '0', BCRYPT_COST: '4' });
      try {
        const client = createClient({ baseUrl: await originOf(server) });
        await server.line(/^Task Manager API: http/);
        await client.auth.register({ body: account });
        await grants(folder, account.email);
        // The server still has its database.
        const { email, password } = account;
        await client.auth.login({ body: { email, password } });
        server.child.kill('SIGTERM');
        expect(await server.ended).toMatchObject({ status: 0, complaint: '' });
        const { output } = await run(folder, {}, 'list');
        expect(output).toBe(`${account.email} (no second factor yet)\n`);
      } finally {
        server.child.kill('SIGKILL');
        await server.ended;
      }
    }));
});

describe('a command that cannot be', () => {
  const usage = /^Usage: npm run admin -- grant <email>/;

  test('shows how it is meant', () =>
    inFolder(async (folder) => {
      const complaint = expect.stringMatching(usage);
      expect(await run(folder, {}, 'delete', 'x')).toEqual({ status: 1, output: '', complaint });
    }));

  test.each(['', 'grant', 'revoke', 'grant a b', 'list x', 'Grant a', '--help'])(
    'is not understood: %j',
    (line) => expect(readCommand(line === '' ? [] : line.split(' '))).toBeUndefined(),
  );

  test('lists bad settings, and nothing else', () =>
    inFolder(async (folder) => {
      const ended = await run(folder, { PORT: 'planted' }, 'list');
      const complaint = expect.stringMatching(/^These settings need attention:\n {2}- PORT: .*\n$/);
      expect(ended).toEqual({ status: 1, output: '', complaint });
    }));

  test('says that the database is away, and does not wait for ever', () =>
    inFolder(async (folder) => {
      const settings = { MONGODB_URI: `mongodb://127.0.0.1:9/${randomUUID()}` };
      expect(await run(folder, settings, 'list')).toEqual({
        status: 1,
        output: '',
        complaint: 'MONGODB_URI: the database cannot be reached\n',
      });
    }));
});
