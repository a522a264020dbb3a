import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';

/** How much of a file tells its type, in bytes. */
const sampleSize = 65_536;

/** Control characters besides tabs and the ends of lines and pages. */
const control = /[^\P{Cc}\t\n\f\r]/u;

interface Facts {
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly mediaType: string;
}

/** Tells text by reading all of it, as the first letter that is none may come late. */
function textCheck() {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isText = true;
  const check = (bytes?: Uint8Array) => {
    try {
      isText &&= !control.test(decoder.decode(bytes, { stream: bytes !== undefined }));
    } catch {
      isText = false;
    }
  };
  return {
    add: (bytes: Uint8Array) => check(bytes),
    end() {
      check();
      return isText;
    },
  };
}

async function mediaTypeOf(sample: Buffer, isText: boolean): Promise<string> {
  const { fileTypeFromBuffer } = await import('file-type');
  const known = await fileTypeFromBuffer(sample);
  return known?.mime ?? (isText ? 'text/plain' : 'application/octet-stream');
}

/**
 * Learns what there is to know of bytes while they pass.
 * @param tooMany makes the error that is thrown as soon as they are more than the limit
 */
export function inspect(
  given: AsyncIterable<Uint8Array>,
  { limit, tooMany }: { limit: number; tooMany: () => AppError },
): { bytes: AsyncIterable<Uint8Array>; facts: () => Promise<Facts> } {
  const hash = createHash('sha256');
  const text = textCheck();
  const sample: Uint8Array[] = [];
  let sampled = 0;
  let size = 0;

  async function* passing() {
    for await (const bytes of given) {
      size += bytes.length;
      if (size > limit) throw tooMany();
      hash.update(bytes);
      text.add(bytes);
      if (sampled < sampleSize) {
        const more = bytes.subarray(0, sampleSize - sampled);
        sample.push(more);
        sampled += more.length;
      }
      yield bytes;
    }
  }

  return {
    bytes: passing(),
    facts: async () => ({
      size,
      sha256: hash.digest('hex'),
      mediaType: await mediaTypeOf(Buffer.concat(sample), text.end()),
    }),
  };
}
