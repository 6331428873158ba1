/** The last branch of an exhaustive switch: a value that reaches it is a bug of ours. */
export const unreachable = (x: never): never => {
  throw new Error(`internal error: unhandled case ${JSON.stringify(x)}`);
};
