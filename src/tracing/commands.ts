import { type Context, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { mongo } from 'mongoose';

/** `host:port`, where the host may be an IPv6 address in brackets. */
function serverOf(address: string) {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  return host === undefined ? {} : { 'server.address': host, 'server.port': Number(port) };
}

/** What a command is about: its own member names the collection, or a cursor's `collection` does. */
function collectionOf({ commandName, command }: mongo.CommandStartedEvent): string | undefined {
  const named = (command['collection'] ?? command[commandName]) as unknown;
  return typeof named === 'string' ? named : undefined;
}

/** By the conventions for databases; nothing of what a command looks for or writes. */
function attributesOf(event: mongo.CommandStartedEvent, collection: string | undefined) {
  return {
    'db.system.name': 'mongodb',
    'db.namespace': event.databaseName,
    'db.operation.name': event.commandName,
    ...(collection !== undefined && { 'db.collection.name': collection }),
    ...serverOf(event.address),
  };
}

/** Records the commands that belong to a request or a job; the driver's own, such as heartbeats, do not. */
export function recordCommands(
  client: mongo.MongoClient,
  tracer: Tracer,
  contextNow: () => Context | undefined,
): void {
  const underWay = new Map<number, Span>();

  client.on('commandStarted', (event) => {
    const context = contextNow();
    if (!context) return;
    const collection = collectionOf(event);
    const name = collection ? `${event.commandName} ${collection}` : event.commandName;
    const options = { kind: SpanKind.CLIENT, attributes: attributesOf(event, collection) };
    underWay.set(event.requestId, tracer.startSpan(name, options, context));
  });

  client.on('commandSucceeded', ({ requestId }) => {
    underWay.get(requestId)?.end();
    underWay.delete(requestId);
  });

  client.on('commandFailed', ({ requestId, failure }) => {
    const span = underWay.get(requestId);
    if (!span) return;
    underWay.delete(requestId);
    const { code = failure.name } = failure as { code?: number | string };
    // The message may quote values.
    span.setAttribute('error.type', String(code));
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
}
