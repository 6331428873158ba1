// Whose artifacts are run: Ed25519 signatures (RFC 8032) by keys that the caller trusts, given as PEM (RFC 8410). A signature that
// an artifact has is checked even where nobody asks for it: one that does not fit means damage.
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { publicKeyBytes, signedPrefix } from './abi.ts';
import { equalBytes } from './digest.ts';

/** What the signature section of an artifact holds. */
export interface Signature {
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

export type PublicKey =
  | { readonly kind: 'key'; readonly raw: Uint8Array }
  | { readonly kind: 'bad-key'; readonly message: string; readonly hint: string };

const keyHint = 'pgc key NAME makes a pair of keys: NAME.pem to sign with, NAME.pub.pem to trust';

/** What comes before the 32 bytes of an Ed25519 public key in DER: SEQUENCE, the algorithm 1.3.101.112, BIT STRING. */
const derHead = Buffer.from('302a300506032b6570032100', 'hex');

/** The public key in a PEM text, or what is wrong with it. */
export const readPublicKey = (pem: string): PublicKey => {
  const bad = (message: string, hint = keyHint): PublicKey => ({ kind: 'bad-key', message, hint });
  const labels = [...pem.matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----\s*$/gm)].map((m) => m[1] ?? '');
  const label = labels[0];
  if (label === undefined) return bad('it holds no key in PEM form');
  if (labels.length > 1) return bad('it holds more than one key', 'give each key in a file of its own');
  // Node would take the public part of a private key: but a private key is not to lie where artifacts are run.
  if (label.endsWith('PRIVATE KEY')) {
    return bad('it is a private key', 'the private key signs; to trust it, give its public one (NAME.pub.pem)');
  }
  if (label !== 'PUBLIC KEY') return bad(`it holds "${label}", not "PUBLIC KEY"`);
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    return bad('its key is damaged');
  }
  if (key.asymmetricKeyType !== 'ed25519') return bad(`it is a key for ${key.asymmetricKeyType}, not for Ed25519`);
  return { kind: 'key', raw: key.export({ type: 'spki', format: 'der' }).subarray(-publicKeyBytes) };
};

/** Whether a signature is that of its key for this digest. */
export const isSigned = ({ publicKey, signature }: Signature, digest: Uint8Array): boolean => {
  try {
    const key = createPublicKey({ key: Buffer.concat([derHead, publicKey]), format: 'der', type: 'spki' });
    return verify(null, Buffer.concat([Buffer.from(signedPrefix), digest]), key, signature);
  } catch {
    // No point of the curve, say.
    return false;
  }
};

/** A short name of a public key, for people: the beginning of its bytes. */
export const keyName = (raw: Uint8Array): string => Buffer.from(raw.subarray(0, 8)).toString('hex');

export const isTrusted = (raw: Uint8Array, trusted: readonly Uint8Array[]): boolean =>
  trusted.some((key) => equalBytes(key, raw));
