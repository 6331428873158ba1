// The seal of an artifact: a digest over all that it holds, and a signature of that digest by whoever built it. What they cover
// is said in vm/abi.ts; vm/artifact.ts checks them. SHA-256: NIST FIPS 180-4. Ed25519: RFC 8032; keys as PEM: RFC 8410.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { digestBytes, digestSection, publicKeyBytes, signatureSection, signedPrefix } from '../vm/abi.ts';
import { customSection, inserted } from './wasm-bytes.ts';

/** The module with one more custom section at its end. */
export const withSection = (wasm: Uint8Array, name: string, content: Uint8Array): Uint8Array =>
  inserted(wasm, wasm.length, customSection(name, content));

/** The module with the digest of all its bytes as its last section. */
export const seal = (wasm: Uint8Array): Uint8Array =>
  withSection(wasm, digestSection, createHash('sha256').update(wasm).digest());

export interface BadKey {
  readonly kind: 'bad-key';
  readonly message: string;
  readonly hint: string;
}

/** Whoever has a private key. */
export interface Signer {
  readonly kind: 'signer';
  /** A short name of the public key. */
  readonly key: string;
  /** What `compile` made, with a signature. */
  readonly sign: (artifact: Uint8Array) => Uint8Array;
}

const keyHint = 'pgc key NAME makes a pair of keys: NAME.pem to sign with, NAME.pub.pem to trust';

/** The raw public key: the last bytes of its DER form. */
const rawPublicKey = (key: KeyObject): Uint8Array =>
  (key.type === 'private' ? createPublicKey(key) : key)
    .export({ type: 'spki', format: 'der' })
    .subarray(-publicKeyBytes);

/** A short name of a public key, for people: the beginning of its bytes. */
const shortName = (raw: Uint8Array): string => Buffer.from(raw.subarray(0, 8)).toString('hex');

/** The private key in a PEM text, or what is wrong with it. */
const privateKey = (pem: string): KeyObject | BadKey => {
  const bad = (message: string, hint = keyHint) => ({ kind: 'bad-key', message, hint }) as const;
  const labels = [...pem.matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----\s*$/gm)].map((m) => m[1] ?? '');
  const label = labels[0];
  if (label === undefined) return bad('it holds no key in PEM form');
  if (labels.length > 1) return bad('it holds more than one key', 'give a file with the private key alone');
  if (label === 'PUBLIC KEY') return bad('it is a public key', 'the private key signs, the public one is for --trust');
  if (label === 'ENCRYPTED PRIVATE KEY') {
    return bad('it is encrypted', 'openssl pkey -in KEY.pem -out PLAIN.pem takes the passphrase away');
  }
  if (label !== 'PRIVATE KEY') return bad(`it holds "${label}", not "PRIVATE KEY" (PKCS #8)`);
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return bad('its key is damaged');
  }
  if (key.asymmetricKeyType !== 'ed25519') return bad(`it is a key for ${key.asymmetricKeyType}, not for Ed25519`);
  return key;
};

/** Who signs with the private key in `pem` (PKCS #8), or what is wrong with it. */
export const signerOf = (pem: string): Signer | BadKey => {
  const key = privateKey(pem);
  if ('kind' in key) return key;
  const raw = rawPublicKey(key);
  return {
    kind: 'signer',
    key: shortName(raw),
    sign: (artifact) => {
      const digest = artifact.subarray(artifact.length - digestBytes);
      const signature = sign(null, Buffer.concat([Buffer.from(signedPrefix), digest]), key);
      return withSection(artifact, signatureSection, Buffer.concat([raw, signature]));
    },
  };
};

export interface KeyPair {
  readonly privatePem: string;
  readonly publicPem: string;
  /** A short name of the public key. */
  readonly key: string;
}

/** A new pair of keys, as PEM. */
export const newKeys = (): KeyPair => {
  const { privateKey: own, publicKey } = generateKeyPairSync('ed25519');
  return {
    privatePem: own.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    key: shortName(rawPublicKey(publicKey)),
  };
};
