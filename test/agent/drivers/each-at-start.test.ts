import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agentConfigSchema } from '../../../agent/config/config.ts'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { SessionMemories } from '../../../agent/plugin/session-memories.ts'
import { pollTarget } from '../../../agent/polling/poll-target.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import { type AnyMachine, startAnyMachine } from '../any-machine.ts'
import { DISTURBANCES, type Figures, figuresOf, LOGINS, namesThatDiffer, spoil } from '../disturbed.ts'
import { IdleTime } from '../idle-time.ts'
import { inventedMachines, type RecordedMachine } from '../recorded-machines.ts'
import { dependencesOf } from './dependences.ts'

/** Of a detection and of a poll, ms. */
const DEADLINE_MS = 10_000

const time = new IdleTime()
beforeAll(() => time.begin())
afterAll(() => time.end())

/** An agent that starts, with what an earlier run of it has kept. */
function start({ host, port }: AnyMachine, kept?: unknown) {
  const device = { id: 'm1', driver: 'auto', host, port, webPort: port, web: { password: 'secret' } }
  const [config] = agentConfigSchema(DRIVERS).parse({ site: 's', agent: 'a', devices: [device] }).devices
  const memories = new SessionMemories()
  memories.load(kept, ['m1'])
  return { target: pollTarget(config!, DRIVERS, undefined, memories), memories }
}

/** The first reading of an agent that has just started, as the machine answers then. */
async function firstReading(
  { answers }: RecordedMachine,
  disturb: (machine: AnyMachine) => void = () => undefined,
  isKnown = false,
): Promise<{ driver: string; figures: Figures; asked: string[] }> {
  const machine = await startAnyMachine({ ...LOGINS, ...answers })
  try {
    let kept: unknown
    if (isKnown) {
      const { target, memories } = start(machine)
      const { session } = await withDeadline((signal) => target.open(signal), DEADLINE_MS)
      await withDeadline((signal) => session.read(signal), DEADLINE_MS)
      kept = JSON.parse(JSON.stringify(memories.state))
      session.close?.()
    }
    machine.asked.length = 0
    disturb(machine)
    const { target } = start(machine, kept)
    const opened = await withDeadline((signal) => target.open(signal), DEADLINE_MS)
    const [reading] = await withDeadline((signal) => opened.session.read(signal), DEADLINE_MS)
    opened.session.close?.()
    return { driver: opened.driver, figures: figuresOf(reading), asked: [...machine.asked] }
  } finally {
    await machine.close()
  }
}

const invented = inventedMachines()
const lists = await Promise.all(invented.map(({ driver }) => dependencesOf(driver.name)))
const machines = invented.filter((_, i) => !lists[i]?.isNamedOnly)

async function eachAlone(machine: RecordedMachine, isKnown: boolean): Promise<void> {
  const whole = await firstReading(machine, undefined, isKnown)
  expect(whole.driver).toBe(machine.driver.name)
  expect(whole.figures['state']).not.toBe('unknown')
  const { depends = {} } = await dependencesOf(machine.driver.name)
  const wrong: string[] = []
  const hows = isKnown ? (['refused'] as const) : DISTURBANCES
  const isListed = (asked: string, name: string) => depends[asked]?.figures.split(' ').includes(name) === true
  const lostAt = async (asked: string, how: (typeof hows)[number]) => {
    const found = await firstReading(machine, (m) => spoil(how, m, asked), isKnown).catch(String)
    if (typeof found === 'string') return isListed(asked, 'all') ? [] : [found]
    const lost = namesThatDiffer(whole.figures, found.figures).filter((name) => !isListed(asked, name))
    return found.driver === whole.driver ? lost : [...lost, `read by ${found.driver}`]
  }
  await Promise.all(
    [...new Set(whole.asked)].map(async (asked) => {
      for (const how of hows)
        wrong.push(...(await lostAt(asked, how)).map((name) => `${asked}, ${how}: ${name}`))
    }),
  )
  expect(wrong.sort()).toEqual([])
}

describe('at the first reading after a start, with driver: auto, an answer that is refused, malformed, empty or late costs only what it alone tells', () => {
  test.concurrent.each(machines)('$name', (machine) => eachAlone(machine, false))
})

describe('the same after a restart of the agent, which knows what the machine told before', () => {
  test.concurrent.each(machines)('$name', (machine) => eachAlone(machine, true))
})
