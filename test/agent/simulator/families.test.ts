import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentConfigSchema } from '../../../agent/config/config.ts'
import type { DeviceConfig } from '../../../agent/config/device-config.ts'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import type { Session } from '../../../agent/plugin/driver.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { withConfiguredLimits } from '../../../agent/polling/configured-limits.ts'
import { detect } from '../../../agent/polling/detect.ts'
import { strike } from '../../../agent/simulator/asic/events.ts'
import { ASIC_FAMILIES, driverOf } from '../../../agent/simulator/asic/families.ts'
import { type AsicPorts, FAMILY_SERVERS } from '../../../agent/simulator/asic/family-servers.ts'
import { createRandom } from '../../../agent/simulator/base/random.ts'
import { Site } from '../../../agent/simulator/site.ts'
import { siteConfigs } from '../../../agent/simulator/site-config.ts'

const clock = { nowMs: Date.UTC(2026, 5, 1, 12) }
const ports = { asic: 0, web: 0, link: 0, status: 0, dcgm: 0, llm: 0, meter: 0, snmp: 0 }
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

/** tcpmux: nobody listens there */
const CLOSED_PORT = 1

/** What a family's API does not tell at all. */
const UNTOLD = {
  /** its accepted work, by pool */
  work: ['whatsminer-2.2', 'whatsminer-v3', 'epic', 'axeos', 'auradine'],
  /** its accepted shares */
  shares: ['whatsminer-v3'],
  power: ['cgminer'],
  expectation: ['cgminer'],
  hardwareId: ['cgminer'],
  sleep: ['cgminer'],
} as const
const tells = (family: string, what: keyof typeof UNTOLD): boolean =>
  !(UNTOLD[what] as readonly string[]).includes(family)

/** As the simulator writes it for the agent. */
function configOf(id: string): DeviceConfig {
  const { devices } = agentConfigSchema(DRIVERS).parse(siteConfigs(site, 'mqtt://127.0.0.1:1883').mining)
  return devices.find((d) => d.id === id)!
}

function sessionWith(id: string): Session {
  const device = configOf(id)
  const driver = DRIVERS.find((d) => d.name === device.driver)!
  return driver.open({ id, host: device.host ?? '', options: device })
}

async function read(id: string): Promise<Reading> {
  const session = sessionWith(id)
  const [reading] = await session.read(AbortSignal.timeout(120_000))
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
      if (tells(family, 'expectation'))
        expect(identity.expectedHashrateHs! / well.model.hashrateHs).toBeCloseTo(1, 1)
      if (tells(family, 'power')) expect(Math.abs(sample.powerW! / well.powerW - 1)).toBeLessThan(0.1)
      else expect(sample).not.toHaveProperty('powerW')
      expect(sample).toMatchObject({ boardsFitted: well.model.boards, boardsWorking: well.model.boards })
      expect(Math.abs(Math.max(sample.tempC ?? 0, sample.boardTempC ?? 0) - well.hottestChipC)).toBeLessThan(
        25,
      )
      expect(sample.holders?.[0]?.owner['poolUrl']).toContain(new URL(well.pools[0].url).host)
      expect(identity.hardwareId !== undefined).toBe(tells(family, 'hardwareId'))
    })

    it('by itself, at whichever of its doors', async () => {
      const index = site.machines.indexOf(well)
      const settings = site.ports().asicSettings[index]!
      const portOf = (at: keyof AsicPorts) => {
        const door = FAMILY_SERVERS[family].find((d) => d.at === at)
        return (door && settings[door.setting]) ?? CLOSED_PORT
      }
      const at = { host: site.layout.asics[index]!.host, port: portOf('asic'), webPort: portOf('web') }
      const [found] = await detect({ ...at, linkPort: portOf('link') }, DRIVERS, AbortSignal.timeout(120_000))
      expect(found.name).toBe(driverOf(family))
    })

    it('with the work that each pool accepted, where its firmware counts it', async () => {
      const { counters } = await read(well.id)
      const own = counters?.byOwner?.filter((o) => o.owner['poolRole'] !== 'devfee') ?? []
      const sum = own.reduce((total, o) => total + (o.workDiff1 ?? 0), 0)
      expect(sum).toBe(tells(family, 'work') ? well.stratum.sharesOf(0).difficultyAccepted : 0)
      const fee = counters?.byOwner?.find((o) => o.owner['poolRole'] === 'devfee')
      expect(fee?.workDiff1).toBe(well.stratum.feeShares?.difficultyAccepted)
    })

    it('with a count of accepted shares that stands still while no pool knows its worker', async () => {
      const accepted = async () => (await read(ill.id)).shares?.accepted
      const end = strike(ill, 'worker-unknown', createRandom(1))
      const before = await accepted()
      expect(before !== undefined).toBe(tells(family, 'shares'))
      run(300)
      expect(await accepted()).toBe(before)
      end()
      run(300)
      if (before !== undefined) expect(await accepted()).toBeGreaterThan(before)
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
      expect((await read(ill.id)).sample.state).toBe(tells(family, 'sleep') ? 'sleeping' : 'idle')
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
        expect(sample.boardsWorking).toBe(ill.model.boards - 1)
        expect(sample.faults?.length).toBeGreaterThan(0)
      }
      end()
    })

    it('with a spike flagged, and ignored', async () => {
      // the new board came with a restart
      run(1200)
      for (const rated of [ill, ...ill.boards]) rated.hashrateHs *= 3
      for (const window of ['s5', 'm1'] as const) ill.averageHs[window] *= 3
      const { sample } = withConfiguredLimits(await read(ill.id), configOf(ill.id))
      expect(sample).not.toHaveProperty('hashrateHs')
      expect(sample.faults).toEqual([expect.stringMatching(/^the hashrate reading of .* is ignored/)])
      run(600)
      expect((await read(ill.id)).sample).not.toHaveProperty('faults')
    })

    it('too hot', async () => {
      const end = strike(ill, 'overheating', createRandom(1))
      run(300)
      const { sample } = await read(ill.id)
      expect(Math.max(sample.tempC ?? 0, sample.boardTempC ?? 0)).toBeGreaterThan(80)
      end()
      run(300)
    })

    it('from 0 again after a restart', async () => {
      const { uptimeS: before = 0 } = (await read(ill.id)).sample
      ill.reboot()
      run(200)
      const { sample, shares } = await read(ill.id)
      expect(sample.uptimeS).toBeLessThan(before)
      if (shares) expect(shares.accepted).toBe(ill.stratum.sharesOf(0).accepted)
    })

    it('not at all while it hangs', async () => {
      run(60)
      ill.hung = true
      const session = sessionWith(ill.id)
      await expect(session.read(AbortSignal.timeout(50))).rejects.toThrow()
      session.close?.()
      ill.hung = false
    })
  },
)
