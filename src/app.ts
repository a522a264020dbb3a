import express, { type Express } from 'express';
import { basePath } from './api.ts';
import type { Dependencies } from './dependencies.ts';
import { AppError } from './errors.ts';
import { apiTokensRoutes } from './features/api-tokens/api-tokens.routes.ts';
import { adminRoutes } from './features/admin/admin.routes.ts';
import { attachmentsRoutes } from './features/attachments/attachments.routes.ts';
import { authRoutes } from './features/auth/auth.routes.ts';
import { commentsRoutes } from './features/comments/comments.routes.ts';
import { batchRoutes } from './features/batch/batch.routes.ts';
import { emailRoutes } from './features/email/email.routes.ts';
import { accountSecurityRoutes } from './features/second-factor/account-security.routes.ts';
import { identitiesRoutes } from './features/identities/identities.routes.ts';
import { signInRoutes } from './features/identities/sign-in.routes.ts';
import { occurrencesRoutes } from './features/occurrences/occurrences.routes.ts';
import { quickAddRoutes } from './features/quick-add/quick-add.routes.ts';
import { secondFactorRoutes } from './features/second-factor/second-factor.routes.ts';
import { remindersRoutes } from './features/reminders/reminders.routes.ts';
import { exportRoutes } from './features/export/export.routes.ts';
import { securityEventsRoutes } from './features/security-events/security-events.routes.ts';
import { filtersRoutes } from './features/filters/filters.routes.ts';
import { projectsRoutes } from './features/projects/projects.routes.ts';
import { sectionsRoutes } from './features/sections/sections.routes.ts';
import { labelsRoutes } from './features/labels/labels.routes.ts';
import { statisticsRoutes } from './features/statistics/statistics.routes.ts';
import { tasksRoutes } from './features/tasks/tasks.routes.ts';
import { trashRoutes } from './features/trash/trash.routes.ts';
import { usersRoutes } from './features/users/users.routes.ts';
import { accountPages } from './http/account-pages.ts';
import { authenticate } from './http/authentication.ts';
import { docs } from './http/docs.ts';
import { inTurn } from './http/in-turn.ts';
import { createRateLimits } from './http/limits.ts';
import { closeConnectionsWhenStopping, type Lifecycle } from './http/lifecycle.ts';
import { mount } from './http/mount.ts';
import { observeRequests } from './http/observation.ts';
import { operations } from './http/operations.ts';
import { answerFailures } from './http/problems.ts';
import { parseQuery } from './http/query.ts';
import { allowOrigins, apiHeaders, enforceHttps, requireClearMessage } from './http/security.ts';

/** The API as an Express application: it neither listens nor reads settings. */
export function createApp(dependencies: Dependencies, lifecycle: Lifecycle): Express {
  const { cipher, config, database, logger, requestCounters } = dependencies;
  const guards = {
    cipher,
    database,
    authenticate: authenticate(dependencies),
    limits: createRateLimits(config.RATE_LIMIT, requestCounters),
    checkAnswers: config.NODE_ENV !== 'production',
  };

  const app = express();
  app.disable('x-powered-by');
  // ETags come from an object's version; a digest of the body could not satisfy If-Match.
  app.disable('etag');
  // Express's extended parser would turn ?status[$ne]=x into an operator.
  app.set('query parser', parseQuery);
  app.set('trust proxy', config.TRUST_PROXY);
  app.enable('case sensitive routing');
  app.enable('strict routing');

  app.use(
    inTurn(
      observeRequests(dependencies),
      closeConnectionsWhenStopping(lifecycle),
      apiHeaders,
      ...(config.CORS_ORIGINS.length > 0 ? [allowOrigins(config.CORS_ORIGINS)] : []),
      requireClearMessage,
      ...(config.ENFORCE_HTTPS ? [enforceHttps(config)] : []),
    ),
  );

  // The most used first: a request is compared with one route after another.
  const features = [
    // Before the path of one task, which would take its name for an id.
    batchRoutes,
    quickAddRoutes,
    tasksRoutes,
    occurrencesRoutes,
    projectsRoutes,
    sectionsRoutes,
    filtersRoutes,
    remindersRoutes,
    commentsRoutes,
    attachmentsRoutes(dependencies),
    trashRoutes,
    statisticsRoutes,
    labelsRoutes,
    usersRoutes(dependencies),
    authRoutes(dependencies),
    emailRoutes(dependencies),
    accountSecurityRoutes,
    secondFactorRoutes(dependencies),
    securityEventsRoutes,
    adminRoutes(dependencies),
    exportRoutes(dependencies),
    apiTokensRoutes(dependencies),
    signInRoutes(dependencies),
    identitiesRoutes(dependencies),
  ];
  for (const feature of features) mount(app, basePath, feature, guards);
  app.use(operations(dependencies, lifecycle));
  app.use(docs());
  app.use(accountPages(config));

  app.use(() => {
    throw new AppError('not_found');
  });
  app.use(answerFailures(logger));
  return app;
}
