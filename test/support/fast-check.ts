/**
 * fast-check with one seed for all properties: a test draws the same cases each time that it runs, so that what fails is
 * what has changed. `SEED=…` gives others.
 */
import fc from 'fast-check';

const seed = Number(process.env['SEED'] ?? 1);
if (!Number.isSafeInteger(seed)) throw new Error(`SEED=${process.env['SEED']}: a whole number is needed`);
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });

export default fc;
