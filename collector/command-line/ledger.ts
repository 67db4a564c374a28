import { type Command, Option } from 'commander'
import { explain } from '../commands/explain.ts'
import { ledger } from '../commands/report.ts'
import { cancelRepricing, reprice } from '../commands/reprice.ts'
import { issuedStatements, issueStatement, statement } from '../commands/statement.ts'
import { unpriced } from '../commands/unpriced.ts'
import { requesting } from './asking.ts'

/** The commands that ask the ledger, and price it again. */
export function addLedger(program: Command): void {
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
    .option(
      '--present-wiring',
      'with each device behind the meter (meteredBy), host and computer that its agent tells now: correct the agent’s configuration first',
    )
    .option(
      '--device <name>',
      'with --present-wiring, only this device; may be repeated',
      (name: string, before: string[] = []) => [...before, name],
    )
    .action(reprice)

  requesting(program.command('reprice-cancel'))
    .description('end a repricing that runs: what it has done stays, every later minute keeps its figures')
    .argument('<id>', 'of the repricing, as reprice or the audit prints it')
    .requiredOption('--by <name>', 'who ends it, for the audit trail')
    .action(cancelRepricing)

  requesting(program.command('unpriced'))
    .description('list the settled minutes for which a price was not known, and how to price them')
    .option('--json', 'print the API’s JSON')
    .action(unpriced)

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
  addStatements(program)
}

function addStatements(program: Command): void {
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
    .option('--incomplete', 'although minutes are unpriced or records undecided')
    .action(issueStatement)

  requesting(statements.command('list'))
    .description('list the issued statements')
    .option('--month <month>', 'only of this month: 2026-01')
    .action(issuedStatements)
}
