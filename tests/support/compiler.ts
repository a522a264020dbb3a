import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What the compiler says about these files and whatever they import; empty when they are sound. */
export async function typeErrors(files: string[], compilerOptions: object = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'type-check-'));
  const project = join(folder, 'tsconfig.json');
  const settings = {
    extends: resolve('tsconfig.json'),
    compilerOptions: { typeRoots: [resolve('node_modules/@types')], ...compilerOptions },
    include: [],
    files: files.map((file) => resolve(file)),
  };
  await writeFile(project, JSON.stringify(settings));
  const said = await new Promise<string>((done) => {
    const script = resolve('node_modules/typescript/bin/tsc');
    execFile(process.execPath, [script, '--project', project], (failure, stdout, stderr) =>
      done(failure ? `${stdout}${stderr}` || failure.message : ''),
    );
  });
  await rm(folder, { recursive: true });
  return said;
}
