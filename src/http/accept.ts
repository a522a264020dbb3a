import type { RequestHandler } from 'express';
import { AppError } from '../errors.ts';

/** The media ranges that JSON is in; the most specific one of a header decides. */
const specificity: Record<string, number> = { 'application/json': 2, 'application/*': 1, '*/*': 0 };

/**
 * Whether an Accept header allows JSON (RFC 9110, section 12.5.1). Parameters besides the weight are
 * ignored: clients that write `application/json; charset=utf-8` mean JSON.
 */
function allowsJson(accept: string): boolean {
  let allowed = accept.trim() === '';
  let decided = -1;
  for (const item of accept.toLowerCase().split(',')) {
    const [range = '', ...parameters] = item.split(';').map((part) => part.trim());
    const specific = specificity[range] ?? -1;
    if (specific > decided) {
      decided = specific;
      allowed = !parameters.some((parameter) => /^q\s*=\s*0(\.0*)?$/.test(parameter));
    }
  }
  return allowed;
}

/** Refuses requests whose sender cannot read JSON. */
export const acceptsJson: RequestHandler = (req, _res, next) => {
  const { accept } = req.headers;
  if (accept === undefined || accept === '*/*' || allowsJson(accept)) next();
  else throw new AppError('not_acceptable');
};
