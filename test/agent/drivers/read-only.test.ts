import { afterEach, describe, expect, test } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { type AnyMachine, sessionWith, startAnyMachine } from '../any-machine.ts'
import { soon } from '../asic-harness.ts'
import { inventedMachines } from '../recorded-machines.ts'

/** Words in the names of commands and paths that change a machine, in any of the families' APIs. */
const WRITES = new Set(
  `set add remove delete enable disable switch save update upgrade upload write put patch apply adjust
   restart reboot reset factory restore quit stop start pause resume sleep wake wakeup curtail shutdown kill
   poweron poweroff on off privileged logon login unlock blink locate identify tune hotplug zero token
   ascset ascenable ascdisable pgaset pgaenable pgadisable addpool enablepool disablepool removepool switchpool
   poolpriority poolquota failover immersionswitch profileset frequencyset voltageset fanset atmset tempctrlset`.split(
    /\s+/,
  ),
)

const writes = (ask: string): boolean =>
  ask
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .some((word) => WRITES.has(word))

/** POST requests that change nothing: logins, and GraphQL, whose queries are tested below. */
const POSTS = new Set([
  'POST /api/v1/unlock',
  'POST /api/v1/auth/login',
  'POST /cgi-bin/luci',
  'POST /graphql',
  'POST /token',
])

const everything = DRIVERS.flatMap((driver) => driver.requests.map((ask) => ({ driver: driver.name, ask })))

test.each(everything)('$driver asks $ask, which changes nothing', ({ ask }) => {
  if (ask.startsWith('POST ')) expect(POSTS).toContain(ask)
  else expect(writes(ask)).toBe(false)
})

test.each(['ascset', 'reboot', 'GET /cgi-bin/set_miner_conf.cgi', 'set.miner.power', 'curtail', 'addpool'])(
  'the words would have given %s away',
  (ask) => expect(writes(ask)).toBe(true),
)

const sessions = inventedMachines().flatMap((miner) => [true, false].map((login) => ({ ...miner, login })))

let machine: AnyMachine | undefined
afterEach(async () => {
  await machine?.close()
  machine = undefined
})

describe('on the wire, a session sends what its driver says, and nothing else', () => {
  test.each(sessions)('$name, with credentials: $login', async ({ driver, answers, login }) => {
    machine = await startAnyMachine(answers)
    const session = sessionWith(driver, machine, login)
    // a driver also sends the requests that this machine has no answer to
    await session.read(soon()).catch(() => undefined)
    await session.read(soon()).catch(() => undefined)
    session.close?.()
    expect(machine.asked.length).toBeGreaterThan(0)
    for (const asked of machine.asked) expect(driver.requests).toContain(asked)
    for (const { path, body } of machine.posted) {
      if (path !== '/graphql') continue
      expect(JSON.parse(body).query).toMatch(/^\s*(query\b|\{)/)
      expect(body).not.toMatch(/mutation|subscription/i)
    }
  })
})
