import { createRequire } from 'node:module';
import { Command, Option } from 'commander';
import { HeddleError } from '../lib/errors.js';
import { exitCodes } from './exit-codes.js';
import type { ImportOptions } from './import.js';
import type { MacsOptions } from './macs.js';
import type { PlanOptions } from './plan.js';
import type { ProveOptions } from './qos-prove.js';
import type { QosOptions } from './qos.js';
import type { RunOptions } from './run.js';
import type { StatusOptions } from './status.js';

/** The command line: parses, loads and runs one command, and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('heddle')
    .description('OpenFlow 1.3 controller for Open vSwitch: one YAML file, and switches that stay true to it')
    .version(version())
    // What follows a command is its own, as with `qos prove`.
    .enablePositionalOptions()
    .showHelpAfterError()
    .addHelpText(
      'after',
      `\nExit codes: ${exitCodes.ok} all is well, ${exitCodes.failed} it could not be done, ${exitCodes.attention} something needs attention.`,
    );
  program
    .command('run')
    .description(
      'serve switches and hypervisors until stopped; with no file, a learning switch on 127.0.0.1:6653',
    )
    .argument('[FILE]', 'the YAML file')
    .addOption(new Option('--log-level <LEVEL>').choices(['debug', 'info', 'warn', 'error']).default('info'))
    .option(
      '--gentle',
      'take bridges that forward by themselves over without losing a packet: in steps, some seconds each',
    )
    .option(
      '--replace-mesh',
      "delete the hand-made VXLAN ports that networks name in `mesh`, once Heddle's own carry their traffic",
    )
    .action((file: string | undefined, options: RunOptions) =>
      finish(async () => (await import('./run.js')).run(file, options)),
    );
  program
    .command('check')
    .description('check a file and tell every mistake in it; connects to nothing')
    .argument('<FILE>', 'the YAML file')
    .action((file: string) => finish(async () => (await import('./check.js')).check(file)));
  program
    .command('import')
    .description(
      'read hosts that were set up by hand, and write the file that describes them; changes nothing',
    )
    .argument('<OVSDB...>', 'each host: tcp:HOST:PORT or unix:PATH, with NAME= before it to call it so')
    .option('--output <FILE>', 'write the file there, and not to the standard output')
    .option('--force', 'replace that file when it is there')
    .option('--bridge <NAME>', 'the bridge that the VMs are on, where another one would be taken')
    .option('--json', 'the file and all that was found as JSON')
    .addHelpText('after', importHelp)
    .action((hosts: string[], options: ImportOptions) =>
      finish(async () => (await import('./import.js')).importRunning(hosts, options)),
    );
  program
    .command('plan')
    .description('tell what `run` would change with this file, on every host and switch; changes nothing')
    .argument('[FILE]', 'the YAML file')
    .option('--json', 'the whole plan as JSON')
    .option('--api <HOST:PORT>', "where the Heddle that runs has its api, instead of the file's")
    .addHelpText('after', planHelp)
    .action((file: string | undefined, options: PlanOptions) =>
      finish(async () => (await import('./plan.js')).plan(file, options)),
    );
  program
    .command('status')
    .description('tell switches, hypervisors, networks, ports, and what is wrong with any')
    .argument('[FILE]', 'the file that the running Heddle was given')
    .option('--json', 'the whole status as JSON')
    .option('--api <HOST:PORT>', "where that Heddle's api listens, instead of the file's")
    .action((file: string | undefined, options: StatusOptions) =>
      finish(async () => (await import('./status.js')).status(file, options)),
    );
  const qos = program
    .command('qos')
    .enablePositionalOptions()
    .description('tell what service levels let pass and drop: for each policy, port and class')
    .argument('[FILE]', 'the file that the running Heddle was given')
    .option('--json', 'all of it as JSON; with --watch, one line each time')
    .option('--watch', 'go on, every two seconds, until stopped')
    .option('--api <HOST:PORT>', "where that Heddle's api listens, instead of the file's")
    .action((file: string | undefined, options: QosOptions) =>
      finish(async () => (await import('./qos.js')).qos(file, options)),
    );
  qos
    .command('prove')
    .description(
      'send UDP at 1.5 times the rate from one VM to another, by iperf3 in both, and tell what passed',
    )
    .argument('[FILE]', 'the file that the running Heddle was given')
    .requiredOption(
      '--from <PORT>',
      "the sending VM's port, or HYPERVISOR/PORT where several hosts have one of that name",
    )
    .requiredOption('--to <PORT>', "the other VM's port")
    .requiredOption('--address <IP>', "the other VM's address")
    .requiredOption(
      '--exec-from <COMMAND>',
      'runs a command in the sending VM: "ip netns exec vm1", "ssh vm1"',
    )
    .requiredOption('--exec-to <COMMAND>', 'the same for the other VM')
    .option('--seconds <N>', 'how long to measure, after the first two seconds', '10')
    .option('--udp-port <N>', 'where the other VM listens', '5201')
    .option('--network <NAME>', 'for ports that are in several')
    .option('--class <NAME>', 'the class that these packets are of')
    .option('--dscp <DSCP>', 'the mark that they are sent with')
    .option('--json', 'the result as JSON')
    .option('--api <HOST:PORT>', "where that Heddle's api listens, instead of the file's")
    .action((file: string | undefined, options: ProveOptions) =>
      finish(async () => (await import('./qos-prove.js')).prove(file, options)),
    );
  program
    .command('macs')
    .description('tell where each MAC of the networks is, and how that is known')
    .argument('[FILE]', 'the file that the running Heddle was given')
    .option('--network <NAME>', 'of this network alone')
    .option('--watch', 'show them anew every two seconds; in a pipe, a line for each change')
    .option('--json', 'as JSON; with --watch, each change as a line of it')
    .option('--api <HOST:PORT>', "where that Heddle's api listens, instead of the file's")
    .addHelpText('after', macsHelp)
    .action((file: string | undefined, options: MacsOptions) =>
      finish(async () => (await import('./macs.js')).macs(file, options)),
    );
  await program.parseAsync(argv);
}

const importHelp = `
Every host's OVSDB is read once, with no lock and no change. The file names the hosts' bridges, tunnel addresses, uplinks,
networks and ports; what it cannot express, and what is broken there (loops, tunnels that only one end has, addresses that
are there twice), is told on the standard error and in the file's comments. Flows that somebody has put there are not read.

Exit codes: 0 done, 1 a host could not be read (the file has the others) or the file could not be written, 2 done, and
something on the hosts is broken.`;

const planHelp = `
Every host's OVSDB is read. What the switches hold is told by the Heddle that runs, where its api answers; where none
runs, plan listens at openflow.listen for up to 10 s for the hypervisors' bridges that have Heddle as their controller
already, reads them, and lets go. Switches of no hypervisor are planned through a Heddle that runs alone. What apps send
by themselves when packets come is in no plan. No lock is asked for: that another Heddle holds a host is not seen.

Exit codes: 0 nothing to do, 1 a mistake in the file or a host that cannot be read (the others are planned all the same),
2 there is something to change, or something in the way.`;

const macsHelp = `
How it is known: attached, by the port's attached-mac; learned, since a switch has seen it behind that port; remote, behind a
VTEP that Heddle does not manage. The age is how long it has been there, as far as is known. One that comes from several
places in turn is held where it was for a while.

Exit codes: 0 done, 1 no Heddle answers, or it has no such network, 2 a MAC is held.`;

async function finish(command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (thrown) {
    if (!(thrown instanceof HeddleError)) throw thrown;
    console.error(thrown.message);
    process.exitCode = exitCodes.failed;
  }
}

/** Of this package. A JSON import would print a warning on Node 20. */
function version(): string {
  const about: unknown = createRequire(import.meta.url)('heddle/package.json');
  return typeof about === 'object' && about !== null && 'version' in about
    ? String(about.version)
    : 'unknown';
}
