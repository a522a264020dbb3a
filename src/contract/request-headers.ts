/** The headers of a request that have a form of their own, as it is read and as it is described. */

/** ETags in quotes with commas between, or `*` (RFC 9110, section 13.1). */
export const entityTagsForm = {
  pattern: String.raw`^\s*(?:\*|(?:(?:W\/)?"[!#-~\x80-\xff]*"\s*,\s*)*(?:W\/)?"[!#-~\x80-\xff]*"(?:\s*,)?)\s*$`,
  maxLength: 2000,
} as const;

/**
 * A string of structured fields (RFC 9651), or the same without quotes; this one has no comma, which
 * stands between the values of a header that is given twice.
 */
export const idempotencyKeyForm = {
  pattern: String.raw`^(?:"((?:[ !#-[\]-~]|\\["\\]){1,255})"|[!#-+\--~]{1,255})$`,
} as const;
