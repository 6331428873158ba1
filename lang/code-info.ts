/** What there is to say about a diagnostic code. */
export interface CodeInfo {
  /** One line: `unterminated string`. */
  readonly title: string;
  /** A few lines of prose for a newcomer, with a wrong and a right example where that helps. */
  readonly explain: string;
}
