/** What an API token may be allowed to do, by the name that its maker picks. */
export const scopes = {
  'tasks:read': 'Read tasks',
  'tasks:write': 'Create, change and delete tasks',
  'account:read': 'Read the account, how its sign-in is secured, and its security events',
  'account:write': 'Change the name and the time zone of the account',
} as const satisfies Record<string, string>;

export type Scope = keyof typeof scopes;
