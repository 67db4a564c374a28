import { type Command, Option } from 'commander'
import { check } from '../commands/check.ts'
import { convert } from '../commands/convert.ts'
import { demo } from '../commands/demo.ts'
import { repair } from '../commands/repair.ts'
import { run } from '../commands/run.ts'
import { configOption } from './asking.ts'

/** The commands that work with the files of this machine. */
export function addSite(program: Command): void {
  program
    .command('run')
    .description('run the collector until SIGTERM or Ctrl-C; SIGHUP reads the configuration again')
    .addOption(configOption())
    .action(run)

  program
    .command('check')
    .description('check the configuration without starting anything')
    .addOption(configOption())
    .option('--schema', 'print the JSON Schema for editors')
    .option('--example', 'print a commented configuration to start from')
    .action(check)

  program
    .command('convert')
    .description('print a configuration of an earlier version in the form of this one, its comments kept')
    .addOption(configOption())
    .option('--write', 'change the file itself; the file as it was stays beside it')
    .action(convert)

  program
    .command('repair')
    .description(
      'mend the embedded store: cut the torn end off its log, which a power cut can leave, and write what can be read of a damaged file into a fresh one. It says first what it will do, and what is lost; keeps a copy of what it changes; and counts lost records. Stop the collector first',
    )
    .addOption(configOption())
    .option('--yes', 'do it without asking')
    .action(repair)

  program
    .command('demo')
    .description(
      'run a whole site on this machine: collector, agents, and an emulated site on loopback; this machine itself is read, too',
    )
    .option('--data <folder>', 'folder for the demo’s history, configurations and logs', 'perwatt-data')
    .option('--port <number>', 'port of the screens; the next free one where it is taken', '8080')
    .option(
      '--broker-port <number>',
      'port of the embedded broker; the next free one where it is taken',
      '1883',
    )
    .option('--agent <file>', 'the perwatt-agent program; by default the one beside this program')
    .option('--base <address>', 'loopback address of the first emulated miner', '127.10.0.1')
    .option('--seed <number>', 'seed of the emulated site: the same seed gives the same events', '1')
    .addOption(
      new Option(
        '--faces <which>',
        'all: feed the emulated miners through a rack PDU of every family and a meter of every model that perwatt reads',
      )
        // as `perwatt-agent simulate` knows them
        .choices(['few', 'all'])
        .default('few'),
    )
    .action(demo)
}
