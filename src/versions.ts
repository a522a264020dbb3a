import { AppError } from './errors.ts';

/** An object as the API shows it, with the version that its ETag states. */
export interface Versioned<T> {
  readonly value: T;
  readonly version: string;
}

/** In the place of an object or a page: the caller has this very version of it, and is sent nothing. */
export class Unchanged {
  readonly version: string;

  constructor(version: string) {
    this.version = version;
  }
}

/** One precondition's versions: `*` is any, undefined means that the request has no such condition. */
type Versions = readonly string[] | '*' | undefined;

/** The versions in If-Match and If-None-Match (RFC 9110, sections 13.1.1 and 13.1.2). */
export interface Preconditions {
  readonly ifMatch: Versions;
  readonly ifNoneMatch: Versions;
}

/** For a change of whatever version there is. */
export const unconditional: Preconditions = { ifMatch: undefined, ifNoneMatch: undefined };

/** Whether a list of versions names this one. */
export function names(versions: Versions, version: string): boolean {
  return versions === '*' || (versions !== undefined && versions.includes(version));
}

/**
 * Lets a change go on only where its preconditions allow the current version.
 * @throws AppError `precondition_failed`, with the current version
 */
export function requireVersion({ ifMatch, ifNoneMatch }: Preconditions, version: string): void {
  const allowed =
    (ifMatch === undefined || names(ifMatch, version)) && !names(ifNoneMatch, version);
  if (!allowed) throw new AppError('precondition_failed', { version });
}
