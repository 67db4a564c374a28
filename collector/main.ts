import { type Command, Option } from 'commander'
import { createProgram, runProgram } from '../protocol/kit/program.ts'
import { resetAgent } from './commands/agents.ts'
import { check } from './commands/check.ts'
import { convert } from './commands/convert.ts'
import { demo } from './commands/demo.ts'
import { adopt, listAdoptions, listClaims, setApart } from './commands/devices.ts'
import { decideDoubts, listDoubts } from './commands/doubts.ts'
import { explain } from './commands/explain.ts'
import { listQuarantine, takeIn } from './commands/quarantine.ts'
import { quote } from './commands/quote.ts'
import { repair } from './commands/repair.ts'
import { ledger } from './commands/report.ts'
import { cancelRepricing, reprice } from './commands/reprice.ts'
import { run } from './commands/run.ts'
import { issuedStatements, issueStatement, statement } from './commands/statement.ts'
import { status } from './commands/status.ts'
import { unpriced } from './commands/unpriced.ts'
import { WHAT_IF_OPTIONS, whatif } from './commands/whatif.ts'

const program = createProgram(
  'perwatt-collector',
  'Collects from perwatt agents, computes what each watt earns in every workload, keeps the ledger, serves the screens, sends alerts.',
)
// a command within a command has options of the same names
program.enablePositionalOptions()
const config = () => new Option('-c, --config <file>', 'configuration').default('/etc/perwatt/collector.yaml')

program
  .command('run')
  .description('run the collector until SIGTERM or Ctrl-C; SIGHUP reads the configuration again')
  .addOption(config())
  .action(run)

program
  .command('check')
  .description('check the configuration without starting anything')
  .addOption(config())
  .option('--schema', 'print the JSON Schema for editors')
  .option('--example', 'print a commented configuration to start from')
  .action(check)

program
  .command('convert')
  .description('print a configuration of an earlier version in the form of this one, its comments kept')
  .addOption(config())
  .option('--write', 'change the file itself; the file as it was stays beside it')
  .action(convert)

program
  .command('repair')
  .description(
    'cut the torn end off the log of the embedded store, which a power cut can leave: says first what it will do, and keeps a copy',
  )
  .addOption(config())
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
  .option(
    '--faces <which>',
    'all: feed the emulated miners through a rack PDU of every family and a meter of every model that perwatt reads',
    'few',
  )
  .action(demo)

/** Options of a command that sends a request to a running collector. */
const requesting = (command: Command): Command =>
  command
    .addOption(config())
    .option('--url <address>', 'address of the running collector; by default from its configuration')
    .option('--token-file <file>', 'file that holds the collector’s token; by default from its configuration')

requesting(program.command('explain'))
  .description('show the sum behind one figure of the ledger: intervals, prices, formulas')
  .requiredOption('--workload <name>', 'a workload by name, or idle, overhead, ...')
  .requiredOption('--minute <time>', 'any time within the minute: 2026-01-31T12:00:00Z')
  .option('--json', 'print the API’s JSON')
  .action(explain)

requesting(program.command('reprice'))
  .description(
    'price past minutes again with a corrected tariff or contract; the old figures stay in the audit trail',
  )
  .requiredOption('--from <time>', 'begin: 2026-01-01T00:00:00Z')
  .requiredOption('--to <time>', 'end, not in the future')
  .requiredOption('--by <name>', 'who requests it, for the audit trail')
  .requiredOption('--reason <text>', 'why, for the audit trail')
  .option(
    '--quote <name=value[@time]>',
    'a corrected price and the time from which it holds: energyUsdPerKwh=0.05@2026-01-01T00:00Z; may be repeated',
    (text: string, before: string[] = []) => [...before, text],
  )
  .option(
    '--present-rules',
    'use the rules of the present configuration instead of those in force at the time',
  )
  .action(reprice)

requesting(program.command('reprice-cancel'))
  .description('end a repricing that runs: what it has done stays, every later minute keeps its figures')
  .argument('<id>', 'of the repricing, as reprice or the audit prints it')
  .requiredOption('--by <name>', 'who ends it, for the audit trail')
  .action(cancelRepricing)

const devices = program
  .command('devices')
  .description(
    'which agent each machine belongs to: the devices that two agents read, and what to do about them',
  )
requesting(devices.command('list', { isDefault: true }))
  .description('list the devices that an agent reads though they belong to another')
  .option('--json', 'print the API’s JSON')
  .action(listClaims)
requesting(devices.command('adoptions'))
  .description('list the adoptions: which devices, who decided, when and why')
  .option('--json', 'print the API’s JSON')
  .action(listAdoptions)
/** Options of a command that decides whose devices are. */
const deciding = (command: Command): Command =>
  requesting(command)
    .argument('[devices...]', 'devices as the agent names them, each with all of its parts; by default all')
    .requiredOption('--agent <name>', 'the agent that reads them')
    .option('--owner <name>', 'only devices that this agent has now')
    .requiredOption('--by <name>', 'who decides, for the audit trail')
    .requiredOption('--reason <text>', 'why, for the audit trail')
deciding(devices.command('adopt'))
  .description(
    'give devices to the agent that reads them, with their history and with what it recorded since the other one ended',
  )
  .option('--from <time>', 'first minute of the new agent; by default where the records of the other one end')
  .action(adopt)
deciding(devices.command('apart'))
  .description('say that devices are machines of their own, whatever they have in common with others')
  .action(setApart)
requesting(
  program
    .command('agents')
    .description('the agents’ numbers: under which their records are stored')
    .command('reset')
    .argument('<name>', 'the agent')
    .requiredOption('--by <name>', 'who decides, for the audit trail')
    .requiredOption('--reason <text>', 'why, for the audit trail'),
)
  .description(
    'forget under which numbers an agent’s records are stored, so that it can go on after a forged or damaged one; nothing is lost or counted twice',
  )
  .action(resetAgent)

const doubts = program
  .command('doubts')
  .description(
    'records that count for nothing until a person decides: doubts, claims of a second agent, quarantine',
  )
/** Options that say which held records are meant. */
const which = (command: Command): Command =>
  requesting(command)
    .option('--device <name>', 'of this device; several with commas')
    .option('--agent <name>', 'of this agent; several with commas')
    .option('--check <name>', 'held by this check: work, energy, gpu-time, tokens, coverage, meter')
    .addOption(new Option('--kind <kind>', 'held for this').choices(['doubt', 'claim', 'quarantine']))
    .option('--from <time>', 'that start at this time or later: 2026-01-01T00:00:00Z')
    .option('--to <time>', 'that start before this time')
which(doubts.command('list'))
  .description('list them by device and check, with what they would be worth')
  .addOption(
    new Option('--state <state>', 'open, or as a person decided').choices(['open', 'accepted', 'rejected']),
  )
  .option('--limit <number>', 'at most so many lines, newest first')
  .option('--json', 'print the API’s JSON')
  .action(listDoubts)
for (const verdict of ['accept', 'reject'] as const)
  which(doubts.command(verdict))
    .description(
      verdict === 'accept'
        ? 'count them like all others, with the prices that their minutes were settled with'
        : 'leave them out for good',
    )
    .requiredOption('--by <name>', 'who decides, for the audit trail')
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .option('--all', 'every held record that is open')
    .addOption(
      new Option('--state <state>', 'turn an earlier decision round').choices([
        'open',
        'accepted',
        'rejected',
      ]),
    )
    .action((options) => decideDoubts(verdict, options))

const quarantine = program
  .command('quarantine')
  .description('what was put aside: records that are too old, messages that could not be read')
requesting(quarantine.command('list'))
  .description('list records by device, and the newest messages')
  .option('--limit <number>', 'at most so many lines of each, newest first')
  .option('--json', 'print the API’s JSON')
  .action(listQuarantine)
requesting(quarantine.command('take-in'))
  .description('count records that were put aside like all others, and messages that can be read now')
  .option('--device <name>', 'of this device; several with commas')
  .option('--agent <name>', 'of this agent; several with commas')
  .option('--from <time>', 'that start at this time or later by their own clock: 2026-01-01T00:00:00Z')
  .option('--to <time>', 'that start before this time by their own clock')
  .option('--shift <seconds>', 'add this to their time: their agent’s clock was wrong')
  .requiredOption('--by <name>', 'who decides, for the audit trail')
  .requiredOption('--reason <text>', 'why, for the audit trail')
  .option('--all', 'everything that was put aside')
  .action(takeIn)

requesting(program.command('ledger'))
  .description('write the ledger of a time to standard output, in base units with ISO 8601 times')
  .requiredOption('--from <time>', 'begin: 2026-01-01T00:00:00Z')
  .option('--to <time>', 'end; by default now')
  .option(
    '--step <width>',
    'time that one line covers: 1m, 1h, 1d (UTC days), or day or month of the site’s time zone',
    'day',
  )
  .option(
    '--group-by <what>',
    'workload, customer, kind, device, agent, container, rack, or site for one line a step',
    'workload',
  )
  .addOption(
    new Option('--format <format>', 'json is limited to fewer lines than csv')
      .choices(['csv', 'json'])
      .default('csv'),
  )
  .action(ledger)

const customer = () =>
  new Option(
    '--customer <name>',
    'customer by name; by default the site itself: the workloads without a customer',
  )
const statements = requesting(program.command('statement'))
  .description(
    'write the monthly statement of a customer, or of the site itself, to standard output: the issued copy, else a draft',
  )
  .option('--month <month>', 'month of the site’s time zone: 2026-01')
  .addOption(customer())
  .addOption(
    new Option(
      '--copy <whose>',
      'customer leaves out costs and margins; by default own without --customer, else customer',
    ).choices(['customer', 'own']),
  )
  .addOption(
    new Option('--format <format>', 'json has the same lines and sums as csv')
      .choices(['csv', 'json'])
      .default('csv'),
  )
  .option('--draft', 'as the ledger is now, though the statement was issued')
  .enablePositionalOptions()
  .action(statement)

requesting(statements.command('issue'))
  .description(
    'issue the statement of a month that is over: it stays as it is, later changes become corrections',
  )
  .requiredOption('--month <month>', 'month of the site’s time zone: 2026-01')
  .addOption(customer())
  .requiredOption('--by <name>', 'who issues it, for the audit trail')
  .option('--incomplete', 'although minutes are unpriced')
  .action(issueStatement)

requesting(statements.command('list'))
  .description('list the issued statements')
  .option('--month <month>', 'only of this month: 2026-01')
  .action(issuedStatements)

requesting(program.command('quote'))
  .description('push a price or a network figure; without one, list the present ones and their sources')
  .argument(
    '[name]',
    'btcUsd, difficulty, blockHeight, feesBtcPerBlock, energyUsdPerKwh, or a currency: fx.EUR',
  )
  .argument('[value]', 'in the unit of its name')
  .option('--by <name>', 'who sets it; required to push')
  .option(
    '--from <time>',
    'time from which it holds; by default now; in the past only where no price was known (see unpriced)',
  )
  .option(
    '--holds-for <duration>',
    'how long it has priority over the feeds: 30m, 2h, 7d; by default until the next push',
  )
  .action(quote)

requesting(program.command('status'))
  .description('show what stands still, since when, why and what to do; and each part of the pipeline')
  .option('--json', 'print the API’s JSON')
  .addHelpText(
    'after',
    '\nExit status: 0 everything moves, 3 something stands still, 1 the collector does not answer.',
  )
  .action(status)

requesting(program.command('unpriced'))
  .description('list the settled minutes for which a price was not known, and how to price them')
  .option('--json', 'print the API’s JSON')
  .action(unpriced)

const whatIf = requesting(program.command('whatif'))
  .description('show what the site would earn at other prices, and what a conversion to AI would earn')
  .option('--json', 'print the API’s JSON')
  .action(whatif)
for (const [flags, text] of WHAT_IF_OPTIONS) whatIf.option(flags, text)

await runProgram(program)
