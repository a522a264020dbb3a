import { MongooseError, mongo } from 'mongoose';

/**
 * Whether a connection broke while a command was written to it: the driver then hands on what the socket
 * says. A caller who breaks off a request has no system call in its error.
 */
function isBrokenConnection(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  return code === 'EPIPE' || (code === 'ECONNRESET' && syscall !== undefined);
}

/**
 * Whether an error means that the database cannot be reached, rather than that it refused something.
 * Mongoose throws a bare MongooseError where the first connection was never made.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof mongo.MongoServerError) {
    // A primary that steps down, or a proxy that has lost its storage, says so with this label.
    return error.hasErrorLabel('RetryableWriteError') || error.hasErrorLabel('RetryableError');
  }
  if (error instanceof mongo.MongoNetworkError || error instanceof mongo.MongoSystemError) {
    return true;
  }
  if (
    error instanceof mongo.MongoNotConnectedError ||
    error instanceof mongo.MongoTopologyClosedError ||
    error instanceof mongo.MongoClientClosedError ||
    error instanceof mongo.MongoOperationTimeoutError
  ) {
    return true;
  }
  if (error instanceof MongooseError) return error.message.includes('initial connection');
  return isBrokenConnection(error);
}
