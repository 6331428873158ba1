// The option --trace: writes what happened in a run for viewers of Chrome traces.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { EndedNode } from '../vm/options.ts';
import { chromeTrace, tracesOf } from '../vm/trace.ts';
import { cannotWrite } from './cli-input.ts';
import { exitCodes, note } from './cli-report.ts';

/** Writes the trace of a run; gives the exit code of a file that could not be written, else 0. */
export const reportTrace = (node: EndedNode, path: string): number => {
  const images = tracesOf(node);
  if (!images) return exitCodes.ok;
  try {
    const file = openSync(path, 'w');
    for (const piece of chromeTrace(node.manifest, images)) writeSync(file, piece);
    closeSync(file);
  } catch (error) {
    return cannotWrite(path, error);
  }
  const events = images.reduce((n, i) => n + i.events.length, 0);
  const lost = images.reduce((n, i) => n + i.lost, 0);
  const missing = lost === 0 ? '' : `; ${lost} later ones found no room`;
  note(`${path}: ${events} ${events === 1 ? 'event' : 'events'}${missing}; ui.perfetto.dev opens it`);
  return exitCodes.ok;
};
