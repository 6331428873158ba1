// How the compiler gets at source files. The language itself reads none: whoever calls it brings a host.

/** Finds modules. Paths are opaque keys to the checker, shown in messages. */
export interface ModuleHost {
  /** The path that `import "text"` in the module at `from` means. */
  readonly resolve: (from: string, text: string) => string;
  /** The text of a module, or undefined if there is none. */
  readonly read: (path: string) => string | undefined;
  /** The path of a library module (`['math']` for `import std.math`), or undefined. Its text comes from `read`. */
  readonly std: (parts: readonly string[]) => string | undefined;
  /** Names of library modules, for hints. */
  readonly stdNames: readonly string[];
}
