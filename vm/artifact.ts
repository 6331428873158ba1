// Reads an artifact without compiling it, and believes nothing that it says before its seal has been checked: what the compiler
// made is what runs. An artifact that is not ours, cut short, changed, of another version, or signed by nobody that the caller
// trusts is told apart here, before anything else happens. What is sealed is said in abi.ts.
import {
  abiVersion,
  digestBytes,
  digestSection,
  type Manifest,
  publicKeyBytes,
  sectionName,
  signatureBytes,
  signatureSection,
} from './abi.ts';
import { equalBytes, sha256 } from './digest.ts';
import { interfaceMisfit } from './interface.ts';
import { checkManifest, isRecord } from './manifest.ts';
import { type Section, sectionsOf } from './sections.ts';
import { isSigned, isTrusted, keyName, type Signature } from './trust.ts';

type Bad = { readonly kind: 'bad'; readonly message: string; readonly hint?: string };
export type Artifact = { readonly kind: 'artifact'; readonly manifest: Manifest } | Bad;

const rebuild = 'build it again from its source';
const bad = (message: string, hint = rebuild): Bad => ({ kind: 'bad', message, hint });

/** An artifact as its parts, of which none has been checked against another. */
export interface Parts {
  readonly kind: 'parts';
  readonly sections: readonly Section[];
  /** What the section `pgc` holds, as JSON; undefined: it is none. */
  readonly manifest: unknown;
  /** Everything that the digest is of; undefined: there is no seal. */
  readonly covered: Uint8Array | undefined;
  readonly digest: Uint8Array;
  readonly signature: Signature | undefined;
}

const utf8 = new TextEncoder();

/** The bytes of a section of the seal before its content. Its lengths are below 128: each is one byte. */
const sealHead = (name: string, contentBytes: number): Uint8Array => {
  const nameBytes = utf8.encode(name);
  return Uint8Array.of(0, 1 + nameBytes.length + contentBytes, nameBytes.length, ...nameBytes);
};
const digestHead = sealHead(digestSection, digestBytes);
const signatureHead = sealHead(signatureSection, publicKeyBytes + signatureBytes);

/** The content of a section of the seal if it has this form to the byte: no digest covers its head. */
const sealed = (bytes: Uint8Array, section: Section | undefined, head: Uint8Array): Uint8Array | undefined => {
  if (!section || !equalBytes(bytes.subarray(section.at, section.start), head)) return undefined;
  return bytes.subarray(section.start, section.end);
};

const json = (content: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    return undefined;
  }
};

/** Finds the parts of an artifact, or says why this is none. */
export const partsOf = (bytes: Uint8Array): Parts | Bad => {
  const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  if (bytes.length === 0) return bad('the file is empty');
  if (!magic.every((byte, i) => i >= bytes.length || bytes[i] === byte)) {
    return bad('it is not a WebAssembly module', 'pgc runs .pg sources and what pgc build made of them');
  }
  const sections = bytes.length < magic.length ? undefined : sectionsOf(bytes);
  if (!sections) return bad('it is cut short or damaged');
  const named = (name: string): readonly Section[] => sections.filter((s) => s.name === name);
  const [manifest, another] = named(sectionName);
  if (!manifest) {
    return bad(`it was not made by pgc: it has no section "${sectionName}"`, 'pgc runs what pgc build made');
  }
  if (another) return bad(`it is damaged: it has two sections "${sectionName}"`);
  const signed = sections.at(-1)?.name === signatureSection;
  const signature = signed ? sealed(bytes, sections.at(-1), signatureHead) : undefined;
  const last = sections.at(signed ? -2 : -1);
  const digest = sealed(bytes, last, digestHead);
  return {
    kind: 'parts',
    sections,
    manifest: json(bytes.subarray(manifest.start, manifest.end)),
    covered: digest && last && (!signed || signature) ? bytes.subarray(0, last.at) : undefined,
    digest: digest ?? new Uint8Array(),
    signature: signature && {
      publicKey: signature.subarray(0, publicKeyBytes),
      signature: signature.subarray(publicKeyBytes),
    },
  };
};

const trustProblem = (parts: Parts, trusted: readonly Uint8Array[] | undefined): Bad | undefined => {
  const { signature, digest } = parts;
  if (signature && !isSigned(signature, digest)) return bad('it is damaged: its signature does not fit');
  if (trusted === undefined) return undefined;
  if (!signature)
    return bad('it is not signed', 'pgc build --sign KEY.pem signs; without --trust pgc runs any artifact');
  if (isTrusted(signature.publicKey, trusted)) return undefined;
  const names = trusted.length === 0 ? 'none' : trusted.map(keyName).join(', ');
  return bad(
    `it is signed by the key ${keyName(signature.publicKey)}, which is not trusted`,
    `trusted: ${names}; to trust another key, too, give its public key to --trust`,
  );
};

/** Checks parts whose digest has been checked. `trusted`: raw public keys; undefined: signed or not, by whomever. */
export const readParts = (bytes: Uint8Array, parts: Parts, trusted?: readonly Uint8Array[]): Artifact => {
  const problem = trustProblem(parts, trusted);
  if (problem) return problem;
  const value = parts.manifest;
  const damaged = `its section "${sectionName}" is damaged`;
  if (!isRecord(value)) return bad(`${damaged}: it is not ${value === undefined ? 'JSON' : 'an object'}`);
  const checked = checkManifest(value, bytes.length);
  if (checked.kind === 'misfit') return bad(`${damaged}: ${checked.why}`);
  const misfit = interfaceMisfit(bytes, parts.sections, checked.manifest);
  return misfit === undefined ? { kind: 'artifact', manifest: checked.manifest } : bad(misfit);
};

/** An artifact of another version, which may be sealed in another way, is not damaged. */
const otherVersion = (parts: Parts): Bad | undefined => {
  const value = parts.manifest;
  if (!isRecord(value) || value.abi === abiVersion) return undefined;
  const found = typeof value.abi === 'number' ? `version ${value.abi}` : 'no version';
  return bad(`it was made by another version of pgc: it has ${found} of the interface, this pgc has ${abiVersion}`);
};

/** The manifest of an artifact, or why this is none that can be run. */
export const readArtifact = (bytes: Uint8Array, trusted?: readonly Uint8Array[]): Artifact => {
  const parts = partsOf(bytes);
  if (parts.kind === 'bad') return parts;
  const other = otherVersion(parts);
  if (other) return other;
  if (!parts.covered) return bad('it is cut short or damaged: it does not end with its digest');
  if (!equalBytes(sha256(parts.covered), parts.digest)) {
    return bad('it is damaged: its contents are not what its digest says');
  }
  return readParts(bytes, parts, trusted);
};

/** Compiles the module of an artifact that has been read. The bytes must not change in between. */
export const compileArtifact = (
  bytes: Uint8Array,
): { readonly kind: 'module'; readonly module: WebAssembly.Module } | Bad => {
  try {
    return { kind: 'module', module: new WebAssembly.Module(bytes) };
  } catch (e) {
    // RangeError: larger than what the engine takes.
    if (e instanceof WebAssembly.CompileError || e instanceof RangeError) {
      return bad(`it is not valid WebAssembly: ${e.message}`);
    }
    throw e;
  }
};
