import { Option } from 'commander'
import { createProgram, runProgram } from '../protocol/kit/program.ts'
import { check } from './commands/check.ts'
import { probe } from './commands/probe.ts'
import { run } from './commands/run.ts'
import { scanCommand } from './commands/scan.ts'
import { simulateCommand } from './commands/simulate.ts'
import { AUTO } from './config/config.ts'
import { DRIVERS } from './drivers/index.ts'

const program = createProgram(
  'perwatt-agent',
  'Reads miners, GPUs, meters and hosts, and streams power, hashrate and utilisation to a perwatt collector.\nIt only reads: no command changes a machine.',
)
const config = () => new Option('-c, --config <file>', 'configuration').default('/etc/perwatt/agent.yaml')

program
  .command('run')
  .description('read the configured devices until told to stop; SIGHUP reads the configuration again')
  .addOption(config())
  .action(run)

program
  .command('check')
  .description('say whether the configuration is right, without touching a device')
  .addOption(config())
  .option('--schema', 'print the JSON Schema for editors')
  .option('--example', 'print a commented configuration to begin with')
  .action(check)

program
  .command('probe')
  .description('read each configured device once, or the one named here, and print what it says')
  .addOption(config())
  .addOption(
    new Option('--driver <name>', 'read one device with this driver').choices([
      AUTO,
      ...DRIVERS.map((d) => d.name),
    ]),
  )
  .option('--host <address>', 'address of the one device')
  .option('--port <number>', 'its port, where it is not the usual one')
  .option('--set <name=value...>', 'a setting of the driver, such as url=http://127.0.0.1:9400/metrics')
  .option('--timeout <duration>', 'how long the device may take to answer', '5s')
  .option('--json', 'print the samples as they are sent')
  .addHelpText('after', '\nExample: perwatt-agent probe --driver auto --host 10.0.3.7')
  .action(probe)

program.addCommand(scanCommand())
program.addCommand(simulateCommand())

await runProgram(program)
