import * as z from 'zod';
import { isTimeZone } from '../local-time.ts';

/** A time zone by its name in the IANA database. */
export const timeZoneSchema = z
  .string()
  .max(100)
  .refine(isTimeZone, 'must be a name of the IANA time zone database, such as Europe/Paris')
  .meta({ example: 'Europe/Paris' });
