import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentConfigSchema } from '../../../agent/config.ts'
import type { Reading, Session } from '../../../agent/driver.ts'
import { DRIVERS } from '../../../agent/driver-index.ts'
import { strike } from '../../../agent/simulator/asic/events.ts'
import { ASIC_FAMILIES } from '../../../agent/simulator/asic/models.ts'
import { createRandom } from '../../../agent/simulator/random.ts'
import { Site } from '../../../agent/simulator/site.ts'
import { siteConfigs } from '../../../agent/simulator/site-config.ts'

const clock = { nowMs: Date.UTC(2026, 5, 1, 12) }
const ports = { asic: 0, web: 0, link: 0, dcgm: 0, llm: 0, meter: 0 }
/** two machines a family: one that stays well, one that doesn't */
const site = new Site(
  {
    seed: 5,
    asics: 2 * ASIC_FAMILIES.length,
    families: ASIC_FAMILIES,
    gpuHosts: 0,
    baseAddress: '127.0.0.1',
    ports,
  },
  () => clock.nowMs,
)
const families = ASIC_FAMILIES.map((family) => {
  const [well, ill] = site.machines.filter((m) => m.model.family === family)
  return { family, well: well!, ill: ill! }
})
beforeAll(() => site.open())
afterAll(() => site.close())

const run = (seconds: number) => {
  for (let i = 0; i < seconds; i++) for (const machine of site.machines) machine.advance(1)
}

/** A session with one machine, by the configuration that the simulator writes for the agent. */
function sessionWith(id: string): Session {
  const { devices } = agentConfigSchema(DRIVERS).parse(siteConfigs(site, 'mqtt://127.0.0.1:1883').mining)
  const device = devices.find((d) => d.id === id)!
  const driver = DRIVERS.find((d) => d.name === device.driver)!
  return driver.open({ id, host: device.host ?? '', options: device })
}

async function read(id: string): Promise<Reading> {
  const session = sessionWith(id)
  const [reading] = await session.read(AbortSignal.timeout(10_000))
  session.close?.()
  return reading!
}

describe.each(families)(
  'an emulated $family is read by the product’s own driver',
  ({ family, well, ill }) => {
    it('as it is: hashrate, power, chips, temperature, pool and MAC', async () => {
      run(30)
      const { identity, sample } = await read(well.id)
      expect(sample.state).toBe('hashing')
      expect(sample).not.toHaveProperty('faults')
      expect(sample.hashrateHs! / well.hashrateHs).toBeCloseTo(1, 1)
      expect(identity.expectedHashrateHs! / well.model.hashrateHs).toBeCloseTo(1, 1)
      expect(sample.powerW! / well.powerW).toBeCloseTo(1, 0)
      expect(sample).toMatchObject({ boardsFitted: well.model.boards, boardsWorking: well.model.boards })
      expect(Math.abs(Math.max(sample.tempC ?? 0, sample.boardTempC ?? 0) - well.hottestChipC)).toBeLessThan(
        25,
      )
      expect(sample.holders?.[0]?.owner['poolUrl']).toContain(new URL(well.pools[0].url).host)
      expect(identity.hardwareId ?? '').toMatch(/[0-9A-Fa-f]/)
    })

    it('with the work that each pool accepted, where its firmware counts it', async () => {
      const { counters } = await read(well.id)
      const counted = !['whatsminer-v3', 'epic', 'axeos'].includes(family)
      const own = counters?.byOwner?.filter((o) => o.owner['poolRole'] !== 'devfee') ?? []
      const sum = own.reduce((total, o) => total + (o.workDiff1 ?? 0), 0)
      expect(sum).toBe(counted ? well.stratum.sharesOf(0).difficultyAccepted : 0)
      const fee = counters?.byOwner?.find((o) => o.owner['poolRole'] === 'devfee')
      expect(fee?.workDiff1).toBe(well.stratum.feeShares?.difficultyAccepted)
    })

    it('at its next pool, when the first is gone', async () => {
      const end = strike(ill, 'pool-lost', createRandom(1))
      run(30)
      const { sample } = await read(ill.id)
      expect(sample.holders?.[0]?.owner['poolUrl']).toContain(new URL(ill.pools[1]!.url).hostname)
      end()
    })

    it('asleep, and awake again', async () => {
      ill.sleep()
      run(60)
      // stock Antminers answer as if idle: only their web page knows the work mode
      expect((await read(ill.id)).sample.state).toBe(family === 'antminer' ? 'idle' : 'sleeping')
      ill.wake()
      run(1200)
      expect((await read(ill.id)).sample.state).toBe('hashing')
    })

    it('with a lost board', async () => {
      const end = strike(ill, 'board-lost', createRandom(1))
      run(120)
      const { sample } = await read(ill.id)
      if (family === 'axeos') expect(sample.state).not.toBe('hashing')
      else {
        expect(sample.boardsWorking).toBe(2)
        expect(sample.faults?.length).toBeGreaterThan(0)
      }
      end()
    })

    it('not at all while it hangs', async () => {
      // the new board came with a restart
      run(60)
      ill.hung = true
      const session = sessionWith(ill.id)
      await expect(session.read(AbortSignal.timeout(50))).rejects.toThrow()
      session.close?.()
      ill.hung = false
    })
  },
)
