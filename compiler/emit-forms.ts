/** What `pgc build --emit` can give: the stages of a compilation, and lists that explain one. */
export const emitForms = ['ast', 'ir', 'checks', 'guards', 'hooks', 'vector', 'wat', 'wasm'] as const;
export type EmitForm = (typeof emitForms)[number];
