import { isIP } from 'node:net';
import { mongo } from 'mongoose';
import * as z from 'zod';

export const day = 86_400;
const secondsPerUnit = { s: 1, m: 60, h: 3600, d: day } as const;

export const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');
const itemsOf = (list: string) =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);
/** `900`, `900s`, `15m`, `12h` or `30d`; read as seconds. */
export const duration = (max: number) =>
  z
    .string()
    .regex(/^\d{1,9}[smhd]?$/, 'must be a number of seconds, or a duration such as 15m, 12h or 30d')
    .transform((value) => {
      const unit = value.slice(-1) as keyof typeof secondsPerUnit;
      return Number.parseInt(value, 10) * (secondsPerUnit[unit] ?? 1);
    })
    .refine((seconds) => seconds >= 1 && seconds <= max, `must be from 1 s to ${max / day}d`);

export const gigabyte = 1_000_000_000;
const bytesPerUnit = { kB: 1000, MB: 1_000_000, GB: gigabyte } as const;

/** `25000000`, `25000kB`, `25MB` or `1GB`; read as bytes. */
export const size = (max: number) =>
  z
    .string()
    .regex(/^\d{1,12}([kMG]B)?$/, 'must be a number of bytes, or a size such as 500kB, 25MB or 1GB')
    .transform((value) => {
      const unit = value.slice(-2) as keyof typeof bytesPerUnit;
      return Number.parseInt(value, 10) * (bytesPerUnit[unit] ?? 1);
    })
    .refine((bytes) => bytes >= 1 && bytes <= max, `must be from 1 byte to ${max / gigabyte}GB`);

/** An S3-compatible bucket, and how to sign what is asked of it. */
export interface ObjectStorage {
  /** Of the bucket, or of a folder in it; without a slash at the end. */
  readonly address: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const objectStorageForm =
  'must look like s3://key:secret@host/bucket?region=name, with key and secret percent-encoded';

function readObjectStorage(value: string): ObjectStorage | undefined {
  const [, insecure, rest = ''] = /^s3(\+http)?:\/\/(.*)$/.exec(value) ?? [];
  const address = `${insecure === undefined ? 'https' : 'http'}://${rest}`;
  if (rest === '' || !URL.canParse(address)) return undefined;
  const { username, password, host, pathname, searchParams, hash } = new URL(address);
  const path = pathname.replace(/\/+$/, '');
  const onlyRegion = [...searchParams.keys()].every((name) => name === 'region') && hash === '';
  if (username === '' || password === '' || path === '' || !onlyRegion) return undefined;
  try {
    return {
      address: new URL(address).protocol + '//' + host + path,
      region: searchParams.get('region') ?? 'us-east-1',
      accessKeyId: decodeURIComponent(username),
      secretAccessKey: decodeURIComponent(password),
    };
  } catch {
    return undefined;
  }
}

/** `s3://key:secret@host/bucket?region=eu-central-1`; the region is us-east-1 unless told. */
export const objectStorage = z.string().transform((value, context) => {
  const read = readObjectStorage(value);
  if (read) return read;
  context.addIssue(objectStorageForm);
  return z.NEVER;
});

export const webAddress = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
  .transform((value) => value.replace(/\/+$/, ''));

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether secrets may be sent to this address: over HTTPS, or on this very machine. */
export function isSafeAddress(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname));
}

const safe = 'must be an https:// address, or an http:// address on this machine';
/** Of what signs people in. */
export const providerAddress = webAddress.refine(isSafeAddress, safe);
/** Compared letter by letter with what the provider says, so a slash at the end stays. */
export const issuer = z
  .url({ protocol: /^https?$/, error: safe, abort: true })
  .refine(isSafeAddress, safe);
/** What browsers send as Origin: a scheme, a host and a port, with nothing behind them. */
export const origins = z
  .string()
  .transform(itemsOf)
  .refine(
    (items) =>
      items.every((item) => URL.canParse(item) && new URL(item).origin === item) &&
      items.every((item) => /^https?:/.test(item)),
    'must list http:// or https:// origins in lower case, without a path or a slash at the end',
  );

const namedSubnets = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** An address, a subnet of at least one bit, or a name that Express knows. */
function isSubnet(value: string): boolean {
  const [address = '', prefix = '1', ...rest] = value.split('/');
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : 0;
  return namedSubnets.has(value) || (rest.length === 0 && length >= 1 && length <= bits);
}

/** Express's own forms: a number of proxies to trust, or their addresses and subnets. */
export const trustProxy = z
  .string()
  .transform((value) => (/^\d{1,2}$/.test(value) ? Number(value) : itemsOf(value)))
  .refine(
    (value) => typeof value === 'number' || (value.length > 0 && value.every(isSubnet)),
    'must be a number of proxies, or a list of their addresses and subnets',
  );

/** Whether the driver understands a connection string; nothing is connected to. */
export function isUnderstood(uri: string): boolean {
  try {
    return Boolean(new mongo.MongoClient(uri));
  } catch {
    return false;
  }
}

/** An address as `URL` writes it, of HTTPS, of this machine or of an app's own scheme. */
function isReturnAddress(address: string): boolean {
  if (!URL.canParse(address) || /[?#*]/.test(address)) return false;
  const { href, protocol } = new URL(address);
  return href === address && (protocol !== 'http:' || isSafeAddress(address));
}

/** Addresses with commas between, to which a browser may be sent back; compared letter by letter. */
export const returnAddresses = z
  .string()
  .transform(itemsOf)
  .refine(
    (items) => items.every(isReturnAddress),
    'must list whole https:// addresses (http:// on this machine), without a query, a fragment or a wildcard, and with a slash where there is no path',
  );

export const optionalText = z.string().optional();

/** A share from 0 to 1. */
export const share = z
  .string()
  .regex(/^(0|1|[01]?\.\d{1,6})$/, 'must be a share from 0 to 1, such as 0.1')
  .transform(Number)
  .refine((value) => value <= 1, 'must be at most 1');

function readHeader(pair: string): [string, string] | undefined {
  const [, name, value = ''] = /^([!#$%&'*+.^_`|~\w-]+)\s*=\s*([!-~]+)$/.exec(pair) ?? [];
  try {
    return name === undefined ? undefined : [name, decodeURIComponent(value)];
  } catch {
    return undefined;
  }
}

/** `name=value,name=value`, with values percent-encoded. */
export const headers = z.string().transform((value, context): Record<string, string> => {
  const pairs = itemsOf(value).map(readHeader);
  if (pairs.every((pair) => pair !== undefined)) return Object.fromEntries(pairs);
  context.addIssue('must list name=value with commas between, and values percent-encoded');
  return z.NEVER;
});
