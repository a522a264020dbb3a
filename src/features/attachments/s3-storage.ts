import { longestUpload } from '../../contract/files.ts';
import { AppError } from '../../errors.ts';
import type { ObjectStorage } from '../../setting-forms.ts';
import type { Storage } from './storage.ts';

interface S3Request {
  method: 'PUT' | 'GET' | 'DELETE';
  headers?: Record<string, string>;
  body?: AsyncIterable<Uint8Array>;
}

/** Milliseconds for a deletion, and for the head of an answer. */
const patience = 15_000;

function unavailable(cause: unknown): AppError {
  return new AppError('storage_unavailable', { retryAfter: 5, cause });
}

async function refusal(response: Response): Promise<Error> {
  const [code = 'no code'] = /(?<=<Code>)\w+(?=<)/.exec(await response.text()) ?? [];
  return new Error(`the storage answers with ${response.status} (${code})`);
}

/**
 * A bucket of S3 or of what speaks its protocol. Requests are signed (Signature Version 4) without a
 * digest of the content, which would have to be known before the first byte is sent.
 */
export function createS3Storage(bucket: ObjectStorage): Storage {
  const { address, region, accessKeyId, secretAccessKey } = bucket;

  async function signed(key: string, { method, headers = {} }: S3Request) {
    const { AwsV4Signer } = await import('aws4fetch');
    const url = `${address}/${key}`;
    const given = { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD', ...headers };
    const credentials = { accessKeyId, secretAccessKey, region, service: 's3' };
    return new AwsV4Signer({ method, url, headers: given, ...credentials }).sign();
  }

  /** @throws AppError `storage_unavailable` for every answer but these */
  async function ask(
    key: string,
    { body, ...request }: S3Request,
    expected: readonly number[],
    signal?: AbortSignal,
  ): Promise<Response> {
    const { method, url, headers } = await signed(key, request);
    let response;
    try {
      response = await fetch(url, {
        method,
        headers,
        ...(body && { body: body as unknown as ReadableStream, duplex: 'half' }),
        ...(signal && { signal }),
      });
    } catch (cause) {
      throw unavailable(cause);
    }
    if (expected.includes(response.status)) return response;
    throw unavailable(await refusal(response));
  }

  return {
    needsLength: true,
    async put(key, bytes, length) {
      let broken: unknown;
      async function* watched() {
        try {
          yield* bytes;
        } catch (error) {
          broken = error;
          throw error;
        }
      }
      const headers = { 'Content-Length': String(length) };
      try {
        const signal = AbortSignal.timeout(longestUpload(length ?? 0));
        const request = { method: 'PUT', headers, body: watched() } as const;
        const response = await ask(key, request, [200], signal);
        await response.arrayBuffer();
      } catch (error) {
        throw broken ?? error;
      }
    },
    async *get(key, { first, last }) {
      const headers = { Range: `bytes=${first}-${last}` };
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), patience);
      const response = await ask(key, { method: 'GET', headers }, [206], late.signal).finally(() =>
        clearTimeout(timer),
      );
      try {
        if (response.body) yield* response.body;
      } catch (cause) {
        throw unavailable(cause);
      }
    },
    async delete(key) {
      const signal = AbortSignal.timeout(patience);
      const response = await ask(key, { method: 'DELETE' }, [200, 204, 404], signal);
      await response.arrayBuffer();
    },
  };
}
