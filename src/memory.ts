import { setFlagsFromString } from 'node:v8';

// V8 lets garbage pile up to several times what is in use; this keeps small instances small. It comes
// before all other modules, as room that was made for the garbage of loading is never given back.
setFlagsFromString('--heap-growing-percent=60');
setFlagsFromString('--semi-space-growth-factor=1');
