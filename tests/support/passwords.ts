/** Passwords at the bounds of the rules: 8 to 64 characters, at most 72 bytes in UTF-8. */
export const acceptedPasswords: [name: string, password: string][] = [
  ['8 characters', 'kx7#vQ2m'],
  ['64 characters', 'quartz lagoon violin '.repeat(4).slice(0, 64)],
  ['72 bytes', 'æøåßüçñðþ'.repeat(4)],
  ['64 characters in 72 bytes', 'æøåßüçñð' + 'quartz lagoon violin '.repeat(3).slice(0, 56)],
  ['8 characters outside of the basic plane', '🔑🦊🎻🌋🧵🛶🍇🪁'],
  ['white space at both ends', '  padded quartz  '],
  ['characters that databases, JSON and shells treat as special', '$ne:{"}\\\'`;%00'],
];

/** Passwords that break a rule, with the code of the rule. */
export const refusedPasswords: [name: string, password: unknown, code: string][] = [
  ['7 characters', 'abcdef7', 'too_small'],
  ['7 characters of two UTF-16 units each', '🔑'.repeat(7), 'too_small'],
  ['nothing', '', 'too_small'],
  ['65 characters', 'a'.repeat(65), 'too_big'],
  ['37 characters of 2 bytes, which make 74', 'ä'.repeat(37), 'custom'],
  ['64 characters in 73 bytes', 'ä'.repeat(9) + 'a'.repeat(55), 'custom'],
  ['a lone high surrogate', 'password \ud800', 'custom'],
  ['a lone low surrogate', '\udc00 password', 'custom'],
  ['a NUL character', 'password\0word', 'custom'],
  ['a number', 12_345_678, 'invalid_type'],
  ['null', null, 'invalid_type'],
  ['a list', ['correct horse battery'], 'invalid_type'],
  ['a query operator', { $gt: '' }, 'invalid_type'],
];
