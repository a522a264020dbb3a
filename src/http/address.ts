import type { Request } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';

const bracketed = /^\[([^\]]+)\](?::\d+)?$/;
const withPort = /^(\d+(?:\.\d+){3}):\d+$/;
const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i;

/**
 * One form for each address: some proxies append a port, and a socket that listens to both versions
 * of IP writes version 4 as a part of version 6.
 */
function plainAddress(address: string): string {
  if (!address.includes(':')) return address;
  const [, bare = address] = bracketed.exec(address) ?? withPort.exec(address) ?? [];
  return mapped.exec(bare)?.[1] ?? bare;
}

/** Where a request comes from, as far as the trusted proxies tell. */
export function addressOf({ ip }: Request): string {
  return plainAddress(ip ?? '');
}

/** Somebody with IPv6 has a /64 to themselves: one network for all of it. */
export function networkOf(address: string): string {
  return ipKeyGenerator(plainAddress(address), 64);
}
