import { hash } from 'node:crypto';

/** What a page is as far as its version goes. */
export interface PageOfVersions {
  readonly data: readonly { readonly id: string; readonly version: number }[];
}

/**
 * Another one whenever a page has changed, as the versions of what is on it tell: so an unchanged page is
 * recognized before its body is made.
 */
export function versionOfPage({ data, ...others }: PageOfVersions): string {
  let versions = JSON.stringify(others);
  for (const { id, version } of data) versions += ` ${id}.${version}`;
  return hash('sha256', versions, 'base64url');
}
