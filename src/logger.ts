import cluster from 'node:cluster';
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Never to be read in a log, wherever in an object they turn up. */
const secrets = [
  'accessToken',
  'authorization',
  'access_token',
  'body',
  'callback',
  'clientSecret',
  'code',
  'codeVerifier',
  'cookie',
  'currentPassword',
  'flowToken',
  'id_token',
  'newPassword',
  'nonce',
  'password',
  'passwordHash',
  'qrCode',
  'recoveryCodes',
  'refreshToken',
  'refresh_token',
  'response',
  'secret',
  'state',
  'token',
  'tokenHash',
  'uri',
];

/** Libraries hang whole requests, documents and settings on their errors: only what is sure to be told is. */
function tellError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return {
    type: name,
    message,
    stack,
    // Not as `code`, which is redacted: that is what second factors and providers call theirs.
    ...((typeof code === 'string' || typeof code === 'number') && { errorCode: code }),
    ...(cause instanceof Error && { cause: tellError(cause) }),
  };
}

/**
 * Standard output, written a few times a second rather than once a line, as each write holds up all
 * requests. What is left is written when the process ends; a kill -9 loses the last 200 ms of lines.
 */
export function bufferedOutput(): DestinationStream {
  const output = pino.destination({ sync: false, minLength: 8192, periodicFlush: 200 });
  process.on('exit', () => output.flushSync());
  return output;
}

/**
 * Writes JSON lines, with secrets left out.
 * @param level the least severe level to write, or `silent`
 * @param destination standard output when omitted
 */
export function createLogger(
  level: string,
  destination: DestinationStream = pino.destination(),
): Logger {
  const options = {
    level,
    // Of several processes that write to one output, each says who it is.
    base: cluster.worker ? { worker: cluster.worker.id } : null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: tellError },
    redact: {
      paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[redacted]',
    },
  };
  return pino(options, destination);
}
