import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { agentOf, TodaysAgent } from './agents.ts'
import { blackStart } from './black-start.ts'
import { rollOut } from './roll-out.ts'

const MS_PER_MINUTE = 60_000
const PROBLEMS_SHOWN = 20

const number = (text: string): number => {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`expected a number above 0, got ${text}; see --help`)
  return value
}
const say = (line: string) => process.stdout.write(`${line}\n`)

/** Runs in a folder of its own, which stays where something was wrong. */
async function judged(name: string, run: (folder: string) => Promise<string[]>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `perwatt-${name}-`))
  const problems = await run(folder)
  for (const problem of problems.slice(0, PROBLEMS_SHOWN)) say(problem)
  say(problems.length === 0 ? `${name}: ok` : `${name}: FAILED, ${problems.length} problems; see ${folder}`)
  if (problems.length === 0) rmSync(folder, { recursive: true, force: true })
  process.exit(problems.length === 0 ? 0 : 1)
}

const program = new Command('fleet').description('Runs with hundreds of agents and one collector.')
program
  .command('roll-out')
  .description(
    'updates agents from another version to this one while they work, and puts some back, in any order',
  )
  .requiredOption('--from <ref>', 'a tag or commit of the other version')
  .option('--back', 'begins with this version: a roll-back')
  .option('--agents <number>', 'agents', number, 500)
  .option('--machines <number>', 'machines of each', number, 10)
  .option('--minutes <number>', 'time in which all is changed', number, 10)
  .option('--poll <seconds>', 'time between two readings of a machine', number, 10)
  .option('--seed <number>', 'which agent is changed when', number, 1)
  .action(async (o) =>
    judged('roll-out', async (folder) => {
      const other = await agentOf(o.from)
      const [before, after] = o.back ? [TodaysAgent, other] : [other, TodaysAgent]
      const { problems } = await rollOut({
        ...{ seed: o.seed, agents: o.agents, machinesPerAgent: o.machines },
        ...{ pollMs: o.poll * 1000, ms: o.minutes * MS_PER_MINUTE },
        ...{ folder, dist: resolve('dist'), before, after, say },
      })
      return problems
    }),
  )
program
  .command('black-start')
  .description(
    'brings a whole site up at once: addresses come late, the broker and the collector later, the time (NTP) last',
  )
  .option('--agents <number>', 'agents', number, 500)
  .option('--machines <number>', 'machines of each', number, 100)
  .option('--addresses <seconds>', 'time within which the machines get their addresses', number, 60)
  .option('--collector <seconds>', 'how long after the agents the collector starts', number, 90)
  .option(
    '--time <seconds>',
    'how long after their start the agents get the time; before, it is 1970',
    number,
    150,
  )
  .option('--right-clocks', 'the agents have the right time from their start on')
  .option('--minutes <number>', 'how long the site works once it has settled', number, 3)
  .option('--poll <seconds>', 'time between two readings of a machine', number, 10)
  .action(async (o) =>
    judged('black-start', (folder) =>
      blackStart({
        ...{ agents: o.agents, machinesPerAgent: o.machines, pollMs: o.poll * 1000 },
        ...{ addressesWithinMs: o.addresses * 1000, collectorAfterMs: o.collector * 1000 },
        ...(!o.rightClocks && { timeAfterMs: o.time * 1000 }),
        ...{ worksMs: o.minutes * MS_PER_MINUTE, folder, dist: resolve('dist'), say },
      }),
    ),
  )
program.parse()
