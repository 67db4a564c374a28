import { type Command, Option } from 'commander'
import { createProgram, runProgram } from '../protocol/kit/program.ts'
import { check } from './commands/check.ts'
import { demo } from './commands/demo.ts'
import { explain } from './commands/explain.ts'
import { quote } from './commands/quote.ts'
import { ledger, statement } from './commands/report.ts'
import { reprice } from './commands/reprice.ts'
import { run } from './commands/run.ts'
import { WHAT_IF_OPTIONS, whatif } from './commands/whatif.ts'

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

/** What a command needs that asks a running collector. */
const asking = (command: Command): Command =>
  command
    .addOption(config())
    .option('--url <address>', 'the running collector; by default where its configuration says')
    .option('--token-file <file>', 'a file that holds its token; by default the configuration’s')

asking(program.command('explain'))
  .description('show the sum behind one figure of the ledger: intervals, prices, formulas')
  .requiredOption('--workload <name>', 'whose figure: a workload, idle, overhead, ...')
  .requiredOption('--minute <time>', 'any time in the minute: 2026-01-31T12:00:00Z')
  .option('--json', 'as the API says it')
  .action(explain)

asking(program.command('reprice'))
  .description(
    'price a time anew, for a corrected tariff or contract; the old figures stay in the audit trail',
  )
  .requiredOption('--from <time>', 'begin: 2026-01-01T00:00:00Z')
  .requiredOption('--to <time>', 'end, in the past')
  .requiredOption('--by <name>', 'who asks')
  .requiredOption('--reason <text>', 'why')
  .option(
    '--quote <name=value[@time]>',
    'a corrected price, and from when it holds: energyUsdPerKwh=0.05@2026-01-01T00:00Z; may be repeated',
    (text: string, before: string[]) => [...before, text],
    [],
  )
  .option('--present-rules', 'by the workloads of the present configuration instead of those of the time')
  .action(reprice)

asking(program.command('ledger'))
  .description('write the ledger of any time to standard output: base units, ISO 8601 times')
  .requiredOption('--from <time>', 'begin: 2026-01-01T00:00:00Z')
  .option('--to <time>', 'end; now where absent')
  .option('--step <width>', 'of a line: 1m, 1h, 1d (of UTC), or day or month of the site’s time zone', 'day')
  .option(
    '--group-by <what>',
    'workload, customer, kind, device, agent, container, rack, or site for one line a step',
    'workload',
  )
  .addOption(
    new Option('--format <format>', 'json holds fewer lines').choices(['csv', 'json']).default('csv'),
  )
  .action(ledger)

asking(program.command('statement'))
  .description('write a customer’s monthly statement, or the site’s own, to standard output')
  .requiredOption('--month <month>', '2026-01, of the site’s time zone')
  .option('--customer <name>', 'the site’s own, of workloads without a customer, where absent')
  .addOption(
    new Option(
      '--copy <whose>',
      'customer: without costs and margins; own where there is no customer',
    ).choices(['customer', 'own']),
  )
  .addOption(new Option('--format <format>').choices(['csv', 'json']).default('csv'))
  .action(statement)

asking(program.command('quote'))
  .description('push a price or a network figure, or without one list those of now and where they come from')
  .argument(
    '[name]',
    'btcUsd, difficulty, blockHeight, feesBtcPerBlock, energyUsdPerKwh, or a currency: fx.EUR',
  )
  .argument('[value]', 'in the unit of its name')
  .option('--by <name>', 'who says so')
  .option('--from <time>', 'from when it holds; now where absent')
  .option('--holds-for <duration>', 'how long it counts before the feeds: 30m, 2h, 7d')
  .action(quote)

const whatIf = asking(program.command('whatif'))
  .description('say what the site would earn at other prices, and what a conversion to AI would bring')
  .option('--json', 'as the API says it')
  .action(whatif)
for (const [flags, text] of WHAT_IF_OPTIONS) whatIf.option(flags, text)

await runProgram(program)
