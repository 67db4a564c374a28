import { Option } from 'commander'
import { createProgram, runProgram } from '../protocol/kit/program.ts'
import { check } from './commands/check.ts'
import { demo } from './commands/demo.ts'
import { run } from './commands/run.ts'

const program = createProgram(
  'perwatt-collector',
  'Hears perwatt agents, computes what each watt earns in every workload, keeps the ledger, shows the screens, sends alerts.',
)
const config = () => new Option('-c, --config <file>', 'configuration').default('/etc/perwatt/collector.yaml')

program
  .command('run')
  .description('run the collector until told to stop; SIGHUP reads the configuration again')
  .addOption(config())
  .action(run)

program
  .command('check')
  .description('say whether the configuration is right, without starting anything')
  .addOption(config())
  .option('--schema', 'print the JSON Schema for editors')
  .option('--example', 'print a commented configuration to begin with')
  .action(check)

program
  .command('demo')
  .description(
    'bring up a whole site on this machine: collector, agents, and an emulated site on loopback beside the machine itself',
  )
  .option('--data <folder>', 'where the demo keeps its history and configurations', 'perwatt-data')
  .option('--port <number>', 'port of the screens; the next free one where it is taken', '8080')
  .option(
    '--broker-port <number>',
    'port of the embedded broker; the next free one where it is taken',
    '1883',
  )
  .option('--agent <file>', 'the perwatt-agent program; by default beside this one')
  .option('--base <address>', 'loopback address of the first emulated miner', '127.10.0.1')
  .option('--seed <number>', 'what happens on the emulated site follows from it', '1')
  .action(demo)

await runProgram(program)
