// pgc as a library: what `import { compile, run } from 'pgc'` gives.
//
//   const { artifact, diagnostics, sources } = await compile('prog.pg');
//   if (!artifact) for (const d of diagnostics) console.error(renderDiagnostic(d, sources, { color: false }));
//   else await run(artifact, { images: 4, configs: { n: '1000' } });
export type { Code } from '../lang/codes.ts';
export type { Diagnostic, Label } from '../lang/diagnostic.ts';
export { diagnosticJson, renderDiagnostic } from '../lang/render.ts';
export { type LineCol, lineCol, type Source, type Span } from '../lang/source.ts';
export { exitCodeOf, renderResult } from '../vm/report.ts';
export type { Fault, Frame, ImageStatus, RunOptions, RunResult, Sink } from '../vm/run.ts';
export { run } from '../vm/run.ts';
export { version } from './build-info.ts';
export { type CompileOptions, type CompileResult, compile, type Dump, type Input } from './compile.ts';
export type { EmitForm } from './emit-forms.ts';
export { type BadKey, type KeyPair, newKeys, type Signer, signerOf } from './seal.ts';
