import { api, basePath } from '../../src/api.ts';
import type { Contract, Endpoint } from '../../src/contract/endpoint.ts';
import { type Extras, type Item, itemOf, parametersIn, script, variableFor } from './request.ts';

type Api = typeof api;

/** An endpoint as `feature.name`. */
type OperationName = {
  [Feature in keyof Api]: `${Feature}.${keyof Api[Feature] & string}`;
}[keyof Api];

const forgetTokens = `
pm.collectionVariables.set('accessToken', '');
pm.collectionVariables.set('refreshToken', '');`;

const keepFlow = "pm.collectionVariables.set('flowToken', answer.flowToken);";

const swapPasswords = `
const password = pm.collectionVariables.get('password');
pm.collectionVariables.set('password', pm.collectionVariables.get('newPassword'));
pm.collectionVariables.set('newPassword', password);`;

// What was restored goes back to the trash, where the next request looks for it.
const deleteAgain = `
pm.sendRequest({
  url: pm.variables.replaceIn('{{baseUrl}}${basePath}/tasks/') + answer.id,
  method: 'DELETE',
  header: { Authorization: pm.variables.replaceIn('Bearer {{accessToken}}') },
});`;

const extras: Partial<Record<OperationName, Extras>> = {
  'auth.register': {
    body: { email: 'ada.{{$randomUUID}}@example.com' },
    after: "pm.collectionVariables.set('email', answer.user.email);",
  },
  'auth.listSessions': {
    after: `
const other = answer.data.find((session) => !session.current);
pm.collectionVariables.set('sessionId', other ? other.id : '');`,
  },
  'auth.logout': { after: forgetTokens },
  'users.changePassword': { after: swapPasswords },
  'users.remove': { after: forgetTokens },
  'quickAdd.add': { body: { text: 'Water the plants every day p2 @home' } },
  'occurrences.list': {
    after: "pm.collectionVariables.set('occurrenceDate', answer.data[0].occurrenceDate);",
  },
  'trash.list': {
    after:
      "pm.collectionVariables.set('trashId', answer.data.length > 0 ? answer.data[0].id : '');",
  },
  'trash.restore': { needs: 'trashId', after: deleteAgain },
  'trash.purge': { needs: 'trashId' },
  'labels.create': { body: { name: 'errands {{$randomUUID}}' } },
  'labels.update': { body: { name: 'errands {{$randomUUID}}' } },
  'sections.create': { body: { projectId: '{{projectId}}' } },
  'email.verify': { needs: 'emailToken' },
  'email.change': { body: { email: 'grace.{{$randomUUID}}@example.com' } },
  'email.resetPassword': { needs: 'emailToken', after: swapPasswords },
  'secondFactor.confirm': { needs: 'code' },
  'secondFactor.disable': { needs: 'code' },
  'secondFactor.replaceRecoveryCodes': { needs: 'code' },
  'signIn.start': { needs: 'provider', after: keepFlow },
  'signIn.complete': { needs: 'flowToken' },
  'identities.start': { needs: 'provider', after: keepFlow },
  'identities.link': { needs: 'flowToken' },
  'identities.read': { needs: 'identityId' },
  'identities.unlink': { needs: 'identityId' },
  'admin.listUsers': { needs: 'userId' },
  'admin.readUser': { needs: 'userId' },
  'admin.updateUser': { needs: 'userId' },
  'admin.endSessions': { needs: 'userId' },
};

/** What only a person can fill in: from their mailbox, their authenticator, the server's settings. */
const fromOutside = ['emailToken', 'code', 'provider', 'flowToken', 'userId', 'identityId'];

/** What ends something that other requests need comes after them all, in this order. */
const leaving: [OperationName, Extras?][] = [
  ['projects.remove'],
  ['users.changePassword'],
  ['auth.logout'],
  ['auth.login', { name: 'Log in again' }],
  ['users.remove'],
];

const renewal = `
// Renews the access token before it expires, so that it never does while you are here.
const refreshToken = pm.collectionVariables.get('refreshToken');
const expiresAt = Number(pm.collectionVariables.get('expiresAt'));
if (refreshToken && expiresAt < Date.now() + 30000) {
  const refresh = {
    url: pm.variables.replaceIn('{{baseUrl}}${basePath}${api.auth.refresh.path}'),
    method: 'POST',
    header: { 'Content-Type': 'application/json' },
    body: { mode: 'raw', raw: JSON.stringify({ refreshToken }) },
  };
  pm.sendRequest(refresh, (error, response) => {
    if (error || response.code !== 200) return;
    const answer = response.json();
    pm.collectionVariables.set('accessToken', answer.accessToken);
    pm.collectionVariables.set('refreshToken', answer.refreshToken);
    pm.collectionVariables.set('expiresAt', Date.now() + answer.expiresIn * 1000);
  });
}`;

const description = `Every request of the API, with examples and tests.

Set \`baseUrl\` to where the API runs, then send **Create an account** (or put your own \`email\` and \`password\` into the variables and send **Log in**): the tokens are kept, sent and renewed for you. The folders can also be run from top to bottom, again and again: each run makes an account and deletes it. What needs something from outside (a token from an e-mail, a code of an authenticator, a provider, the rights of an administrator) is left out until you have filled in its variable.

Generated from the contracts by \`npm run postman\`; changes belong there.`;

const endpoints = new Map<string, Endpoint>(
  Object.entries<Contract>(api).flatMap(([feature, contract]) =>
    Object.entries(contract).map(([name, endpoint]) => [`${feature}.${name}`, endpoint] as const),
  ),
);

function itemFor(name: string, more: Extras = {}): Item {
  const endpoint = endpoints.get(name);
  if (!endpoint) throw new Error(`no endpoint is called ${name}`);
  return itemOf(endpoint, { ...extras[name as OperationName], ...more });
}

/** A feature's endpoints in the order in which they are declared. */
function folderOf(feature: string) {
  const later = new Set<string>(leaving.filter(([, more]) => !more).map(([name]) => name));
  const names = [...endpoints.keys()].filter(
    (name) => name.startsWith(`${feature}.`) && !later.has(name),
  );
  return {
    name: feature.charAt(0).toUpperCase() + feature.slice(1),
    item: names.map((name) => itemFor(name)),
  };
}

/** The Postman collection (v2.1) of the whole API. */
export function createCollection() {
  const ids = [...endpoints.values()].flatMap(({ path }) =>
    parametersIn(path).map((parameter) => variableFor(path, parameter)),
  );
  const variables = {
    baseUrl: 'http://localhost:3000',
    email: 'ada@example.com',
    password: 'correct horse battery',
    newPassword: 'staple battery horse',
    accessToken: '',
    refreshToken: '',
    expiresAt: '0',
    ...Object.fromEntries([...ids, ...fromOutside].map((name) => [name, ''])),
  };
  return {
    info: {
      name: 'Task Manager API',
      description,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: {
      type: 'bearer',
      bearer: [{ key: 'token', value: '{{accessToken}}', type: 'string' }],
    },
    event: [script('prerequest', renewal)],
    variable: Object.entries(variables).map(([key, value]) => ({ key, value })),
    item: [
      ...Object.keys(api).map(folderOf),
      { name: 'Leaving', item: leaving.map(([name, more]) => itemFor(name, more)) },
    ],
  };
}

/** The collection as it is committed. */
export function collectionFile(): string {
  return `${JSON.stringify(createCollection(), null, 2)}\n`;
}
