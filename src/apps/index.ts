import type { AppModule } from '../intent/index.js';
import { learningSwitch } from './learning-switch/learning-switch.js';
import { overlay } from './overlay/overlay.js';
import { qos } from './qos/qos.js';

/** The apps that a file can name with no path. */
export const builtinApps: ReadonlyMap<string, AppModule> = new Map(
  [overlay as AppModule, qos as AppModule, learningSwitch as AppModule].map(app => [app.name, app]),
);
