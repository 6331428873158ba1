// The program behind `npm run bench`.
import { main } from './run.ts';

process.exitCode = await main(process.argv.slice(2));
