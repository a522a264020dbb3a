import { api, basePath } from './api.ts';
import { describe } from './contract/openapi.ts';
import { problemPath, statusOf } from './http/problems.ts';
import { version } from './version.ts';

/** The document that /openapi.json serves. */
export function createOpenApi() {
  return describe(api, {
    basePath,
    title: 'Task Manager API',
    version,
    description:
      'Accounts and tasks over REST. Failures are problem details (RFC 9457), lists are paged by cursor, changes can be made conditional on an ETag.',
    statusOf,
    problemPath,
  });
}
