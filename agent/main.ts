import { Option } from 'commander'
import { createProgram, runProgram } from '../protocol/kit/program.ts'
import { check } from './commands/check.ts'
import { probe } from './commands/probe.ts'
import { run } from './commands/run.ts'
import { scanCommand } from './commands/scan-command.ts'
import { simulateCommand } from './commands/simulate-command.ts'
import { AUTO } from './config/device-config.ts'
import { DRIVERS } from './drivers/index.ts'

const program = createProgram(
  'perwatt-agent',
  'Reads miners, GPUs, meters and hosts, and streams power, hashrate and utilisation to a perwatt collector.\nIt only reads: no command changes a machine.',
)
const config = () => new Option('-c, --config <file>', 'configuration').default('/etc/perwatt/agent.yaml')

program
  .command('run')
  .description('read the configured devices until SIGINT or SIGTERM; SIGHUP reads the configuration again')
  .addOption(config())
  .action(run)

program
  .command('check')
  .description('check the configuration, without contacting a device')
  .addOption(config())
  .option('--schema', 'print the JSON Schema for editors')
  .option('--example', 'print a commented first configuration')
  .action(check)

program
  .command('probe')
  .description(
    'read each configured device once, or only the one of --host or --driver, and print its values',
  )
  .addOption(config())
  .addOption(
    new Option(
      '--driver <name>',
      'read one device with this driver; it need not be in the configuration',
    ).choices([AUTO, ...DRIVERS.map((d) => d.name)]),
  )
  .option('--host <address>', 'address of that one device')
  .option('--port <number>', 'its port, if it is not the driver’s default')
  .option('--set <name=value...>', 'a setting of the driver, such as url=http://127.0.0.1:9400/metrics')
  .option('--timeout <duration>', 'how long that one device may take to answer', '5s')
  .option('--json', 'print the samples as the JSON that is sent over MQTT')
  .addHelpText('after', '\nExample: perwatt-agent probe --driver auto --host 10.0.3.7')
  .action(probe)

program.addCommand(scanCommand())
program.addCommand(simulateCommand())

await runProgram(program)
