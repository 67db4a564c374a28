import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentConfigSchema } from '../../../agent/config/config.ts'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { Metering } from '../../../agent/metering/metering.ts'
import type { Session } from '../../../agent/plugin/session.ts'
import { SessionMemories } from '../../../agent/plugin/session-memories.ts'
import { pollTarget } from '../../../agent/polling/poll-target.ts'
import type { Spool } from '../../../agent/uplink/spool/spool.ts'
import { type ModbusServer, serveModbus } from '../modbus-server.ts'
import { asKilled, openSpool, remove, T0, tempFolder } from '../uplink/spool/fixtures.ts'

const never = new AbortController().signal
const folders: string[] = []
const sessions: Session[] = []
let server: ModbusServer
let spool: Spool
let memories: SessionMemories
let metering: Metering

async function begin(folder: string, deviceIds = ['site-meter']) {
  folders.push(folder)
  spool = await openSpool(folder, { nowMs: () => T0 })
  memories = new SessionMemories()
  metering = new Metering(spool, 15_000, memories, deviceIds)
}
beforeEach(async () => {
  server = await serveModbus()
  await begin(tempFolder())
})
afterEach(async () => {
  for (const session of sessions.splice(0)) session.close?.()
  await spool.close()
  await server.close()
  for (const folder of folders.splice(0)) remove(folder)
})
/** Kills the agent after its next checkpoint, and starts it again. */
async function killAndBegin(deviceIds?: string[]) {
  await metering.beat({ wallMs: T0, steadyMs: 0 })
  const left = asKilled(folders.at(-1)!)
  await spool.close()
  await begin(left, deviceIds)
}
async function open(settings: object = {}): Promise<Session> {
  const device = {
    id: 'site-meter',
    driver: 'modbus-meter',
    host: '127.0.0.1',
    port: server.port,
    map: 'carlo-gavazzi-em24-e1',
    ...settings,
  }
  const [config] = agentConfigSchema(DRIVERS).parse({ site: 's', agent: 'a', devices: [device] }).devices
  const { session } = await pollTarget(config!, DRIVERS, undefined, memories).open(never)
  sessions.push(session)
  return session
}
const input = (address: number, hex: string) => Buffer.from(hex, 'hex').copy(server.input, 2 * address)
/** Polls an EM24 on RS-485 by the map of the EM24 with Ethernet, until its power factors are refused as a counter. */
async function untilRefused(session: Session) {
  input(0x28, '86a00001')
  for (const factor of ['03d4', '03d5', '03d7', '03d6', '03d5', '03d7']) {
    input(0x34, `03d7${factor}`)
    await session.read(never)
  }
}
const countersOf = async (session: Session) => (await session.read(never))[0]?.counters

describe('a counter that was refused', () => {
  test('is refused from the first reading on after a kill of the agent', async () => {
    const session = await open()
    await untilRefused(session)
    const [before] = await session.read(never)
    await killAndBegin()
    const [after] = await (await open()).read(never)
    expect(after?.counters).toEqual({ refused: ['energyJ'] })
    expect(after?.sample.faults).toEqual(before?.sample.faults)
    expect(after?.sample.faults?.[0]).toMatch(/the counter is not used: check the map/)
  })

  test('stays so over several restarts, also where the meter was not read in between', async () => {
    await untilRefused(await open())
    for (let run = 0; run < 3; run++) await killAndBegin()
    expect(await countersOf(await open())).toEqual({ refused: ['energyJ'] })
  })

  test('is refused by the next session too, when the machine at the address changes', async () => {
    await untilRefused(await open())
    expect(await countersOf(await open())).toEqual({ refused: ['energyJ'] })
  })

  test('is judged afresh once its settings were changed, as the fault advises', async () => {
    await untilRefused(await open())
    input(0x42, '86a00001')
    await killAndBegin()
    expect(await countersOf(await open({ map: 'carlo-gavazzi-em24-rs485' }))).toEqual({
      energyJ: 10_000 * 3_600_000,
    })
  })

  test('is forgotten with its device', async () => {
    await untilRefused(await open())
    await killAndBegin([])
    expect(memories.state).toEqual([])
  })
})

test('what an older agent left, or nonsense, is taken for nothing', () => {
  for (const state of [undefined, null, 'x', [['site-meter', null]], [['site-meter', { settings: 7 }]]]) {
    const fresh = new SessionMemories()
    fresh.load(state, ['site-meter'])
    expect(fresh.state).toEqual([])
    expect(fresh.recall('site-meter', 'abc')).toBeUndefined()
  }
})
