// Files with keys: pgc key makes a pair, build --sign and run --trust read one each.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cannotRead, cannotWrite } from './cli-input.ts';
import { exitCodes, mistake, note } from './cli-report.ts';

/** The text of a file with a key, or the exit code of a complaint. */
export const readKeyFile = (path: string): string | number => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!missing) return cannotRead(path, error);
    return mistake(`there is no file ${path}`, 'pgc key NAME makes a pair of keys: NAME.pem and NAME.pub.pem');
  }
};

/** pgc key: writes a new pair. Keys that are there already are never lost. */
export const keyCommand = async (name: string): Promise<number> => {
  const base = name.replace(/\.pem$/, '');
  const files = { private: `${base}.pem`, public: `${base}.pub.pem` };
  const there = [files.private, files.public].find((f) => existsSync(f));
  if (there !== undefined)
    return mistake(`${there} is there already`, 'pgc key overwrites nothing: choose another name');
  const { newKeys } = await import('./seal.ts');
  const { privatePem, publicPem, key } = newKeys();
  let file = files.private;
  try {
    // For its owner alone.
    writeFileSync(file, privatePem, { flag: 'wx', mode: 0o600 });
    file = files.public;
    writeFileSync(file, publicPem, { flag: 'wx' });
  } catch (error) {
    return cannotWrite(file, error);
  }
  note(`${files.private}: the private key, to be kept secret; pgc build PROGRAM --sign ${files.private}`);
  note(`${files.public}: the public key ${key}; pgc run ARTIFACT --trust ${files.public}`);
  return exitCodes.ok;
};
