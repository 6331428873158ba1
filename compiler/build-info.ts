// Which compiler this is. build.mjs writes the two names into the bundle; from source there is no build, and nothing is cached.
declare const PGC_VERSION: string | undefined;
declare const PGC_BUILD: string | undefined;

export const version: string = typeof PGC_VERSION === 'string' ? PGC_VERSION : '0.0.0-source';

/** A hash of everything that decides what the compiler emits; undefined when it runs from source. */
export const buildHash: string | undefined = typeof PGC_BUILD === 'string' ? PGC_BUILD : undefined;
