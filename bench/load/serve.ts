/** Heddle's learning switch on one port, for the benchmark: `heddle run` with that port and no api. Usage: serve.js PORT */
import { learningSwitch } from '../../src/apps/learning-switch/learning-switch.js';
import { parseConfig } from '../../src/config/parse.js';
import { Controller } from '../../src/controller/controller.js';
import { realEffects } from '../../src/io/effects.js';
import { listen } from '../../src/io/streams.js';

const port = Number(process.argv[2]);
const parsed = parseConfig(`openflow: { listen: "tcp:127.0.0.1:${port}" }`, 'benchmark');
if (!parsed.ok) throw new Error('the benchmark has a mistake in its own file');
const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const controller = new Controller({
  config: parsed.config,
  apps: [{ module: learningSwitch, options: learningSwitch.options.parse({}) }],
  effects: realEffects(),
  log: silent,
});
await listen(parsed.config.openflow.listen, stream => controller.accept(stream));
controller.start();
