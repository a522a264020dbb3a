/** What a provider says of the person who signed in there. */
export interface ProviderProfile {
  /** Names the person at this issuer for good; an e-mail address does not. */
  subject: string;
  email: string | undefined;
  /** Whether the provider has seen that the address is theirs; only then may it be relied upon. */
  emailVerified: boolean;
  name: string | undefined;
}

/** What must be kept, out of everybody's reach, between start and completion. */
export interface PendingAuthorization {
  state: string;
  nonce: string;
  codeVerifier: string;
  redirectUri: string;
}

/** A service that people can sign in with. */
export interface IdentityProvider {
  /** `google`, `github` or `oidc` */
  readonly id: string;
  /** For a button. */
  readonly name: string;
  /** Who vouches: a subject means nothing without it, as another issuer may use the same one. */
  readonly issuer: string;
  /**
   * Where to send the browser, and what to keep until it is back.
   * @param redirectUri one that is registered at the provider: absolute, in the form of `URL.href`,
   *   without query and fragment
   * @throws AppError `provider_unavailable`
   */
  begin(redirectUri: string): Promise<{ authorizationUrl: string; pending: PendingAuthorization }>;
  /**
   * Who signed in. The provider's tokens are used for this answer and forgotten.
   * @param callback the query with which the provider sent the browser back
   * @throws AppError `sign_in_refused` when the person declined, or any part of the answer is not for
   *   this very start; `provider_unavailable`
   */
  complete(
    pending: PendingAuthorization,
    callback: Readonly<Record<string, string>> | URLSearchParams,
  ): Promise<ProviderProfile>;
}
