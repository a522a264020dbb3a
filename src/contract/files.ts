/** A file on its way in. */
export interface Upload {
  /** In bytes; undefined where the sender has not told it. */
  readonly length: number | undefined;
  /**
   * The content, to be read once and as fast as it can be stored: what is not taken stays with the
   * sender. Throws AppError `request_timeout` where it comes too slowly, and `malformed_request`
   * where it is empty or ends before its time.
   */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** How slowly an upload may come: in bytes a second on average, and with pauses of so many seconds. */
export const slowestUpload = { bytesPerSecond: 25_000, pause: 30 } as const;

/** Milliseconds after which an upload of so many bytes has ended, also where storing them is slow. */
export function longestUpload(size: number): number {
  return Math.ceil(2000 * (slowestUpload.pause + size / slowestUpload.bytesPerSecond));
}

/** A part of a file, by the offsets of its first and its last byte. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** A file on its way out. */
export interface Download {
  readonly name: string;
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
  /** What its ETag states: another content has another one. */
  readonly version: string;
  /** Reads the content, or a part of it, as fast as it is taken. */
  open(range?: ByteRange): AsyncIterable<Uint8Array>;
}
