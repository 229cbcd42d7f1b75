/** What an author of a controller app needs: `import { defineApp, … } from 'heddle'`. */
export * from '../lib/addresses.js';
export * from './app.js';
export * from './cookie.js';
export * from './flow.js';
export * from './host.js';
export * from './learned.js';
export * from './mac-report.js';
export * from './membership.js';
export * from './meter-numbers.js';
export * from './tables.js';
export * from './world.js';
