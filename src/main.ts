import cluster from 'node:cluster';
import { setFlagsFromString } from 'node:v8';
import { config as loadEnvironment } from 'dotenv';
import { type Config, parseConfig } from './config.ts';

// V8 lets garbage pile up to several times what is in use; this keeps small instances small.
setFlagsFromString('--heap-growing-percent=60');

function readSettings(): Config {
  loadEnvironment({ quiet: true });
  return parseConfig(process.env);
}

// Loaded only where it is needed: a process that supervises others serves nothing itself.
async function start(config: Config): Promise<void> {
  if (config.WORKERS > 1 && cluster.isPrimary) {
    const { supervise } = await import('./workers.ts');
    await supervise(config);
  } else {
    const { serve } = await import('./serve.ts');
    await serve(config);
  }
}

try {
  await start(readSettings());
} catch (error) {
  // One clear line (or list) instead of a stack: it is for whoever starts the server.
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
