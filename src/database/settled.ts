/**
 * Milliseconds after which no request that began before a change can still be under way: what follows
 * from the change is repeated then, for whatever such a request has written meanwhile.
 */
export const settled = 5000;
