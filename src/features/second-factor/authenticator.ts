import { HOTP, Secret, TOTP } from 'otpauth';
import { renderSVG } from 'uqr';

/** What an authenticator shows above its codes. */
const issuer = 'Task Manager';
/** The only parameters that every authenticator reads (RFC 6238 allows others). */
const parameters = { algorithm: 'SHA1', digits: 6 } as const;
/** How long each code is shown, in seconds. */
const period = 30;

/** 160 random bits in base32, as RFC 4226 recommends. */
export function newSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** What an authenticator takes in: as a link on the same device, as a picture from another one. */
export function invitationOf(secret: string, email: string): { uri: string; qrCode: string } {
  const uri = new TOTP({ ...parameters, period, issuer, label: email, secret }).toString();
  // The standard asks for four modules of white around a code.
  const picture = renderSVG(uri, { ecc: 'M', border: 4, pixelSize: 1 });
  const qrCode = `data:image/svg+xml;base64,${Buffer.from(picture).toString('base64')}`;
  return { uri, qrCode };
}

/**
 * The time step that a code belongs to: the current one of 30 s, or the one before, as a code takes a
 * while to be typed and clocks differ.
 * @param code without spaces
 * @returns undefined for any other code
 */
export function stepOf(code: string, secret: string): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const key = Secret.fromBase32(secret);
  const current = TOTP.counter({ period });
  return [current, current - 1].find(
    // Compares in constant time.
    (counter) =>
      HOTP.validate({ ...parameters, token: code, secret: key, counter, window: 0 }) === 0,
  );
}
