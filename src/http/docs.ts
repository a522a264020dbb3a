import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type Router } from 'express';
import { AppError, type ErrorCode, errorCodes } from '../errors.ts';
import { createReadOnlyRouter } from './methods.ts';
import { docsPage, docsScript, problemPage, style } from './pages.ts';
import { problemPath } from './problems.ts';
import { docsPolicy, readingPolicy } from './security.ts';

const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const assets = new Set(['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']);

/** Made at the first request, as the generator costs time that a start need not spend. */
function openApiDocument(): () => Promise<string> {
  let made: Promise<string> | undefined;
  return () => {
    made ??= import('../openapi.ts').then(({ createOpenApi }) => JSON.stringify(createOpenApi()));
    return made;
  };
}

/** The interactive page, the OpenAPI document and a page for each error code. */
export function docs(): Router {
  const { router, serve } = createReadOnlyRouter();
  const document = openApiDocument();

  serve('/openapi.json', async (_req, res) => {
    res
      .set('Cache-Control', 'no-cache')
      .type('json')
      .send(await document());
  });

  serve('/docs', docsPolicy, (_req, res) => {
    res.type('html').send(docsPage);
  });
  serve('/docs/start.js', (_req, res) => {
    res.type('js').send(docsScript);
  });
  const files = express.static(swaggerUi, {
    acceptRanges: false,
    index: false,
    redirect: false,
    maxAge: '1d',
  });
  serve('/docs/:asset', (req, res, next) => {
    const asset = String(req.params['asset']);
    if (!assets.has(asset)) throw new AppError('not_found');
    req.url = `/${asset}`;
    files(req, res, next);
  });

  const pages = new Map(
    (Object.keys(errorCodes) as ErrorCode[]).map((code) => [problemPath(code), problemPage(code)]),
  );
  serve('/problems/:code', readingPolicy(style), (req, res) => {
    const page = pages.get(req.path);
    if (page === undefined) throw new AppError('not_found');
    res.type('html').send(page);
  });

  return router;
}
