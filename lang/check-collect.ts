// First pass over the modules: every module-level name gets its entity, so that the order of declarations is free.
import type * as Ast from './ast.ts';
import { notYet } from './check-later.ts';
import { type Loaded, moduleContext, stemOf } from './check-modules.ts';
import { preludeTypeName } from './check-prelude-types.ts';
import { duplicate } from './check-scope.ts';
import { type Checker, type Context, type Entity, type EntityOf, type ModuleInfo, newUses } from './check-state.ts';
import { preludeTypes } from './prelude.ts';
import type { StructType } from './types.ts';

const declare = (x: Context, name: Ast.Ident, entity: Entity): void => {
  if (name.name === '') return;
  const before = x.module.names.get(name.name);
  if (before) return duplicate(x, name, before.span, 'in this module');
  x.module.names.set(name.name, entity);
};

const importName = (d: Extract<Ast.Decl, { kind: 'import' }>): Ast.Ident => {
  if (d.alias) return d.alias;
  const name = d.path.kind === 'file' ? stemOf(d.path.text) : (d.path.parts.at(-1) ?? d.path.root ?? '');
  return { name, span: d.pathSpan };
};

const newStruct = (name: Ast.Ident, prelude: StructType['prelude']): StructType => ({
  ...(prelude ? { prelude } : {}),
  name: name.name,
  span: name.span,
  fields: [],
  size: 1,
  align: 1,
});

const distinctParams = (x: Context, params: readonly Ast.Ident[]): void => {
  params.forEach((p, i) => {
    const first = params.slice(0, i).find((q) => q.name === p.name);
    if (first && p.name !== '') duplicate(x, p, first.span, 'among the type parameters');
  });
};

const collectDecl = (x: Context, loaded: Loaded, d: Ast.Decl): void => {
  const { module } = x;
  switch (d.kind) {
    case 'import': {
      const name = importName(d);
      const target = loaded.imports.get(d);
      // What was not found is known by name all the same: its uses are silent.
      return declare(
        x,
        name,
        target
          ? { kind: 'module', span: name.span, module: target, name: name.name }
          : { kind: 'absent', span: name.span },
      );
    }
    case 'const':
      if (!d.config) return declare(x, d.name, { kind: 'const', span: d.name.span, module, decl: d, progress: 'open' });
      return collectGlobal(x, d);
    case 'let':
    case 'variable':
      return collectGlobal(x, d);
    case 'struct': {
      if (d.typeParams.length > 0) {
        distinctParams(x, d.typeParams);
        return declare(x, d.name, { kind: 'genericStruct', span: d.name.span, module, decl: d, instances: new Map() });
      }
      const typeName = preludeTypeName(d.name.name);
      const known = preludeTypes.get(typeName);
      const struct = newStruct(
        { ...d.name, name: known?.bare === d.name.name ? typeName : d.name.name },
        known && x.checker.prelude.get(known.module) === module ? known.kind : undefined,
      );
      x.checker.structs.push(struct);
      const entity: EntityOf<'struct'> = {
        kind: 'struct',
        span: d.name.span,
        module,
        decl: d,
        progress: 'open',
        struct,
      };
      x.checker.structEntities.set(struct, entity);
      return declare(x, d.name, entity);
    }
    case 'fn': {
      const { span } = d.name;
      if (d.virtine) {
        notYet(x, span, 'virtine functions are');
        return declare(x, d.name, { kind: 'absent', span });
      }
      if (d.typeParams.length > 0) {
        distinctParams(x, d.typeParams);
        return declare(x, d.name, { kind: 'genericFn', span, module, decl: d, instances: new Map(), wrong: false });
      }
      return declare(x, d.name, { kind: 'fn', span: d.name.span, module, decl: d, progress: 'open', uses: newUses() });
    }
    case 'test':
      // Nothing can name it: see check-tests.ts.
      return;
  }
};

const collectGlobal = (x: Context, d: Extract<Entity, { kind: 'global' }>['decl']): void =>
  declare(x, d.name, {
    kind: 'global',
    span: d.name.span,
    module: x.module,
    decl: d,
    progress: 'open',
    pending: false,
    uses: newUses(),
  });

export const collect = (checker: Checker, loaded: Loaded, modules: readonly ModuleInfo[]): void => {
  for (const module of modules) {
    const x = moduleContext(checker, module);
    for (const d of module.tree.decls) collectDecl(x, loaded, d);
  }
};
