// The part of the WebAssembly API that the node uses. TypeScript has it only together with the whole of a browser's.
declare namespace WebAssembly {
  function validate(bytes: Uint8Array): boolean;
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}
  interface MemoryDescriptor {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: SharedArrayBuffer;
  }
  class Global {
    value: number;
  }
  interface Described {
    readonly module: string;
    readonly name: string;
    readonly kind: 'function' | 'table' | 'memory' | 'global';
  }
  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): Described[];
    static exports(module: Module): Omit<Described, 'module'>[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  type ImportValue = Memory | Global | number | ((...args: never[]) => unknown);
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, ImportValue>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
