import type { ByteRange } from '../../contract/files.ts';
import type { Config } from '../../config.ts';
import { AppError } from '../../errors.ts';
import { databaseStorage } from './database-storage.ts';
import { createS3Storage } from './s3-storage.ts';

/** Keeps bytes under a key; knows nothing of whose they are. */
export interface Storage {
  /** Whether `put` has to be told the length. */
  readonly needsLength: boolean;
  /**
   * Stores bytes as they come. When it throws, it writes no more; what it has left, `delete` removes.
   * @throws whatever the bytes throw, or AppError `storage_unavailable`
   */
  put(key: string, bytes: AsyncIterable<Uint8Array>, length: number | undefined): Promise<void>;
  /** Throws AppError `storage_unavailable` as it is read. */
  get(key: string, range: ByteRange): AsyncIterable<Uint8Array>;
  /** Removes what is there, if anything is; may be repeated. */
  delete(key: string): Promise<void>;
}

export type StorageName = 'database' | 's3';

type StorageSettings = Pick<Config, 'ATTACHMENT_STORAGE_URL'>;

/** Where new bytes go. */
export function currentStorage({ ATTACHMENT_STORAGE_URL }: StorageSettings): StorageName {
  return ATTACHMENT_STORAGE_URL === undefined ? 'database' : 's3';
}

/**
 * The storage of this name, which need not be the current one: what is in the database stays
 * readable after the setting has changed.
 * @throws AppError `storage_unavailable` where its setting is missing
 */
export function storageOf({ ATTACHMENT_STORAGE_URL }: StorageSettings, name: string): Storage {
  if (name === 'database') return databaseStorage;
  if (ATTACHMENT_STORAGE_URL) return createS3Storage(ATTACHMENT_STORAGE_URL);
  const cause = new Error('an attachment is in S3, and ATTACHMENT_STORAGE_URL is missing');
  throw new AppError('storage_unavailable', { retryAfter: 60, cause });
}
