// Tables of results: the same rows as aligned text for people and as JSON for programs.

/** A number is shown with the decimals of its column; what is missing as a dash. */
export type Cell = string | number | undefined;

export interface Column {
  /** The key in JSON and the head in text. */
  readonly name: string;
  /** Decimals of numbers. */
  readonly digits?: number;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** Printed below, a line each. */
  readonly notes?: readonly string[];
}

const show = (cell: Cell, column: Column): string => {
  if (cell === undefined) return '-';
  return typeof cell === 'number' ? cell.toFixed(column.digits ?? 0) : cell;
};

/** Texts stand at the left of their column, numbers at the right, so that their points are below each other. */
export const tableText = (table: Table): string => {
  const cells = table.rows.map((row) => table.columns.map((column, k) => show(row[k], column)));
  const widths = table.columns.map((column, k) =>
    Math.max(column.name.length, ...cells.map((row) => row[k]?.length ?? 0)),
  );
  const isText = table.columns.map((_, k) => table.rows.some((row) => typeof row[k] === 'string'));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, k) => (isText[k] ? text.padEnd(widths[k] ?? 0) : text.padStart(widths[k] ?? 0)))
      .join('  ')
      .trimEnd();
  const head = line(table.columns.map((column) => column.name));
  const lines = [table.title, head, '-'.repeat(head.length), ...cells.map(line), ...(table.notes ?? [])];
  return `${lines.join('\n')}\n`;
};

/** Rows as objects; what is missing is null. */
export const tableJson = (table: Table): unknown => ({
  title: table.title,
  rows: table.rows.map((row) => Object.fromEntries(table.columns.map((column, k) => [column.name, row[k] ?? null]))),
  notes: table.notes ?? [],
});

/** As a table of Markdown, with its notes below; texts at the left, numbers at the right. */
export const tableMarkdown = (table: Table): string => {
  const isText = table.columns.map((_, k) => table.rows.some((row) => typeof row[k] === 'string'));
  const line = (cells: readonly string[]): string => `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`;
  const lines = [
    line(table.columns.map((column) => column.name)),
    line(isText.map((text) => (text ? '---' : '---:'))),
    ...table.rows.map((row) => line(table.columns.map((column, k) => show(row[k], column)))),
  ];
  const notes = (table.notes ?? []).map((note) => `- ${note}\n`).join('');
  return `**${table.title}**\n\n${lines.join('\n')}\n${notes === '' ? '' : `\n${notes}`}`;
};
