import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler, Router } from 'express';
import type { Config } from '../config.ts';
import type { Dependencies } from '../dependencies.ts';
import { AppError } from '../errors.ts';
import type { Lifecycle } from './lifecycle.ts';
import { createReadOnlyRouter } from './methods.ts';

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

/** Digests have one length, so that comparing them tells nothing about the token. */
function requireToken({ METRICS_TOKEN: expected, NODE_ENV }: Config): RequestHandler {
  return (req, _res, next) => {
    if (expected === undefined) {
      // What nobody has thought of protecting is not shown to the world.
      if (NODE_ENV === 'production') throw new AppError('not_found');
      return next();
    }
    const { authorization } = req.headers;
    if (authorization === undefined) throw new AppError('unauthenticated');
    const matches = timingSafeEqual(digest(authorization), digest(`Bearer ${expected}`));
    if (!matches) throw new AppError('invalid_token');
    return next();
  };
}

/** RFC 9116. */
function securityText(publicUrl: string, contact: string | undefined, now: Date): string {
  const expires = new Date(now.getTime() + 180 * 86_400_000).toISOString();
  // RFC 2142 names this mailbox for every domain.
  const standard = `mailto:security@${new URL(publicUrl).hostname}`;
  return [
    `Contact: ${contact ?? standard}`,
    `Expires: ${expires}`,
    'Preferred-Languages: en',
    `Canonical: ${publicUrl}/.well-known/security.txt`,
    '',
  ].join('\n');
}

/** What whoever runs the API asks it. */
export function operations(
  { config, database, metrics }: Dependencies,
  lifecycle: Lifecycle,
): Router {
  const { router, serve } = createReadOnlyRouter();

  serve('/livez', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'ok' });
  });

  serve('/readyz', async (_req, res) => {
    if (lifecycle.stopping) throw new AppError('shutting_down', { retryAfter: 5 });
    await database.ping();
    res.set('Cache-Control', 'no-store').json({ status: 'ok' });
  });

  serve('/metrics', requireToken(config), async (_req, res) => {
    const { contentType, text } = await metrics.render();
    res.set({ 'Cache-Control': 'no-store', 'Content-Type': contentType }).end(text);
  });

  serve('/.well-known/security.txt', (_req, res) => {
    const contact = config.SECURITY_CONTACT;
    res.type('text/plain').send(securityText(config.PUBLIC_URL, contact, new Date()));
  });

  return router;
}
