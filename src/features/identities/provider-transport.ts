/** Seconds that a provider has for one answer. */
export const answerTimeout = 5;
