// The formatter's view of modules and declarations.
import type { Decl, Module, Param } from './ast.ts';
import { bodyGroup, bodyOf, listed, onOneLine } from './format-bodies.ts';
import { concat, type Doc, group, hang, nothing, space, spaced } from './format-doc.ts';
import { angles, annotation, argumentList, distDoc, head, typeDoc } from './format-expr.ts';
import { binding, headed } from './format-stmt.ts';
import { type Cursor, glue, take } from './format-tokens.ts';
import { unreachable } from './unreachable.ts';

const paramDoc = (c: Cursor, p: Param): Doc => concat(take(c), annotation(c, p.type));

const importDoc = (c: Cursor, d: Extract<Decl, { kind: 'import' }>): Doc => {
  const path = spaced(take(c, 'import'), take(c));
  const parts = d.path.kind === 'std' ? d.path.parts.map(() => concat(glue(c, '.'), glue(c))) : [];
  const alias = d.alias ? concat(space, take(c, 'as'), space, take(c)) : nothing;
  return concat(path, ...parts, alias, glue(c, ';'));
};

const structDoc = (c: Cursor, d: Extract<Decl, { kind: 'struct' }>): Doc => {
  const name = spaced(
    take(c, 'struct'),
    concat(
      take(c),
      angles(c, d.typeParams, () => take(c)),
    ),
  );
  const fields = d.fields.values();
  const body = bodyOf(c, () => {
    const f = fields.next().value;
    return f && hang(concat(paramDoc(c, f), glue(c, ';')));
  });
  return spaced(name, bodyGroup(body, !onOneLine(c, d.span)));
};

const fnDoc = (c: Cursor, d: Extract<Decl, { kind: 'fn' }>): Doc => {
  const signature = head(c, () => {
    const words = d.virtine ? [take(c, 'virtine'), take(c, 'fn')] : [take(c, 'fn')];
    const name = spaced(
      ...words,
      concat(
        take(c),
        angles(c, d.typeParams, () => take(c)),
      ),
    );
    const params = concat(
      name,
      argumentList(c, d.params, (p) => paramDoc(c, p)),
    );
    return d.result ? spaced(params, take(c, '->'), typeDoc(c, d.result)) : params;
  });
  return headed(c, signature, d.body);
};

const declDoc = (c: Cursor, d: Decl): Doc => {
  switch (d.kind) {
    case 'import':
      return hang(importDoc(c, d));
    case 'const':
    case 'let': {
      const words = d.kind === 'const' && d.config ? [take(c, 'config'), take(c, 'const')] : [take(c, d.kind)];
      return hang(
        spaced(
          ...words,
          binding(c, d.type, d.value, () => nothing),
        ),
      );
    }
    case 'variable': {
      const words = d.strict ? [take(c, 'strict'), take(c, d.storage)] : [take(c, d.storage)];
      const dist = (): Doc => (d.dist ? concat(space, distDoc(c, d.dist.words)) : nothing);
      return hang(spaced(...words, binding(c, d.type, d.value, dist)));
    }
    case 'struct':
      return structDoc(c, d);
    case 'fn':
      return fnDoc(c, d);
    case 'test':
      return headed(c, spaced(take(c, 'test'), take(c)), d.body);
    default:
      return unreachable(d);
  }
};

/** A whole file. */
export const moduleDoc = (c: Cursor, m: Module): Doc => {
  const decls = m.decls.values();
  const all = listed(c, () => {
    const d = decls.next().value;
    return d && declDoc(c, d);
  });
  return group(concat(...all), true);
};
