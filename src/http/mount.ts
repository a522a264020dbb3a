import type { Express, RequestHandler } from 'express';
import type { Database } from '../database/connection.ts';
import type { Cipher } from '../features/second-factor/cipher.ts';
import type { Contract, Endpoint, Handler, Handlers } from '../contract/endpoint.ts';
import { isPageOfVersions } from '../contract/schemas.ts';
import { acceptsJson } from './accept.ts';
import { addressOf, networkOf } from './address.ts';
import { sendAnswer } from './answer.ts';
import { type Authenticate, callerOf } from './authentication.ts';
import { jsonBody } from './body.ts';
import { answerOnce, idempotencyKeyOf } from './idempotency.ts';
import { inTurn } from './in-turn.ts';
import type { RateLimits } from './limits.ts';
import { refuseOtherMethods } from './methods.ts';
import { idsOf } from './observation.ts';
import { givePlaceBack, inPlace, withoutPlace } from './places.ts';
import { preconditionsOf } from './preconditions.ts';
import { closeUnlessRead, fileBody, uploadOf } from './upload.ts';
import { validate } from './validation.ts';

/** What stands before the handlers. */
export interface Guards {
  database: Pick<Database, 'run'>;
  authenticate: Authenticate;
  limits: RateLimits;
  /** Compares each answer with its declaration and fails on a difference; costs time. */
  checkAnswers: boolean;
  /** Encrypts what is kept of requests with an idempotency key. */
  cipher: Cipher;
}

/** A feature's contract with its handlers. */
export interface Routes {
  contract: Contract;
  handlers: Record<string, Handler<Endpoint>>;
}

/** Pairs each endpoint of a contract with its handler; the compiler refuses a missing one. */
export function routes<C extends Contract>(contract: C, handlers: Handlers<C>): Routes {
  return { contract, handlers };
}

/** Requests that fail to authenticate count against their address. */
function authenticated(endpoint: Endpoint, { authenticate, limits }: Guards): RequestHandler {
  const guard = authenticate(endpoint);
  return (req, res, next) => {
    const failed = (failure: unknown) =>
      limits.address(req, res, (limited?: unknown) => next(limited ?? failure));
    Promise.resolve(guard(req, res, next)).catch(failed);
  };
}

/**
 * Whether it takes long by itself: a file, an answer without end, passwords, which have a queue and a
 * limit of their own, or other servers.
 */
function takesLong({ upload, download, streamed, limit }: Endpoint): boolean {
  return upload === true || download === true || streamed === true || limit === 'credentials';
}

function guardsOf(endpoint: Endpoint, guards: Guards): RequestHandler[] {
  const { limits } = guards;
  const isPatch = endpoint.method === 'patch';
  return [
    ...(takesLong(endpoint) ? [givePlaceBack] : []),
    ...(endpoint.upload ? [closeUnlessRead] : []),
    ...(endpoint.download ? [] : [acceptsJson]),
    ...(endpoint.access === 'public' ? [] : [authenticated(endpoint, guards), limits.user]),
    ...(endpoint.limit
      ? [limits[endpoint.limit]]
      : endpoint.access === 'public'
        ? [limits.address]
        : []),
    ...(endpoint.body
      ? [
          withoutPlace(
            jsonBody(['application/json', ...(isPatch ? ['application/merge-patch+json'] : [])]),
          ),
        ]
      : []),
    ...(endpoint.upload ? [fileBody] : []),
  ];
}

function respond(endpoint: Endpoint, handler: Handler<Endpoint>, guards: Guards) {
  const { checkAnswers, database } = guards;
  // What is sent as it is read cannot be kept.
  const isPage = endpoint.method === 'get' && isPageOfVersions(endpoint.answer);
  const repeatable = endpoint.method === 'post' && !endpoint.streamed;
  return inPlace(async (req, res) => {
    const preconditions = preconditionsOf(req.headers);
    const key = repeatable ? idempotencyKeyOf(req) : undefined;
    const request = {
      ...validate(endpoint, { params: req.params, query: req.query, body: req.body }),
      ...(endpoint.upload && { upload: uploadOf(req, res) }),
      caller: callerOf(res.locals),
      preconditions,
      // Few handlers ask, and finding the address behind the proxies takes a while.
      get origin() {
        const address = addressOf(req);
        const userAgent = req.get('user-agent') ?? '';
        return { address, network: networkOf(address), userAgent, ...idsOf(res) };
      },
    } as Parameters<typeof handler>[0];
    const exchange = { endpoint, req, res, preconditions, checkAnswers, isPage };
    const work = () => handler(request);
    if (key === undefined) await sendAnswer(exchange, await database.run(work));
    else await answerOnce({ exchange, key, guards }, work);
  });
}

/**
 * Serves a feature's endpoints, and refuses the methods that their paths do not have. The routes stand
 * in the application itself, as each router in between would cost every request a look.
 */
export function mount(app: Express, basePath: string, feature: Routes, guards: Guards): void {
  const { contract, handlers } = feature;
  const names = Object.keys(contract);
  const paths = new Set(Object.values(contract).map(({ path }) => path));
  for (const path of paths) {
    const route = app.route(basePath + path);
    const methods = names.flatMap((name) => {
      const endpoint = contract[name];
      const handler = handlers[name];
      if (!endpoint || !handler || endpoint.path !== path) return [];
      route[endpoint.method](
        inTurn(...guardsOf(endpoint, guards), respond(endpoint, handler, guards)),
      );
      return [endpoint.method];
    });
    route.all(refuseOtherMethods(methods));
  }
}
