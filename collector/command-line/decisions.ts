import { type Command, Option } from 'commander'
import { resetAgent } from '../commands/agents.ts'
import { adopt, listAdoptions, listClaims, setApart } from '../commands/devices.ts'
import { decideDoubts, listDoubts } from '../commands/doubts.ts'
import { listQuarantine, takeBack, takeIn } from '../commands/quarantine.ts'
import { requesting } from './asking.ts'

/** The commands by which a person decides: whose a device is, which doubtful records count, what is taken in. */
export function addDecisions(program: Command): void {
  addDevices(program)
  addAgents(program)
  addDoubts(program)
  addQuarantine(program)
}

function addDevices(program: Command): void {
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
    .option(
      '--from <time>',
      'first minute of the new agent; by default where the records of the other one end',
    )
    .action(adopt)
  deciding(devices.command('apart'))
    .description('say that devices are machines of their own, whatever they have in common with others')
    .action(setApart)
}

function addAgents(program: Command): void {
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
}

function addDoubts(program: Command): void {
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
      .option(
        '--check <name>',
        'held by this check: work, energy, gpu-time, gpu-twice, tokens, coverage, meter',
      )
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
}

function addQuarantine(program: Command): void {
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
    .option(
      '--shift <seconds>',
      'add this to their time: their agent’s clock was wrong; positive where it was behind',
    )
    .requiredOption('--by <name>', 'who decides, for the audit trail')
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .option('--all', 'everything that was put aside')
    .action(takeIn)
  requesting(quarantine.command('take-back'))
    .description('undo a take-in: its records count no longer, and are put aside again where they were')
    .argument('<id>', 'id of the act, as take-in printed it; /api/v1/audit lists all')
    .requiredOption('--by <name>', 'who decides, for the audit trail')
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .action(takeBack)
}
