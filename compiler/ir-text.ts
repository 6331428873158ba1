// The text form of the IR: printing and parsing. print → parse → print is the identity, and parse(print(p)) equals p.
export { type IrError, type ParseResult, parseProgram } from './ir-parse.ts';
export { type PrintOptions, printFunc, printHead, printProgram } from './ir-print.ts';
