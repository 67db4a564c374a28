import { describe, expect, onTestFinished, test, vi } from 'vitest'
import redfish from '../../../../agent/drivers/redfish/redfish.ts'
import { soon } from '../../asic-harness.ts'
import { startBmc } from '../../bmc-server.ts'
import { openBmc } from '../../redfish-reading.ts'
import { chassis, redfishTree, subsystem } from '../../redfish-tree.ts'

/*
 * A BMC that starts lists its supplies, sensors and boards one after another, and so do those that restart beside a running machine. The
 * shapes are DSP2046's: PowerSubsystem and PowerSupplyMetrics, Power with PowerSupplies, Sensor; and NVIDIA's PDB of a GB200 tray.
 */

const ROOT = '/redfish/v1/Chassis/1'
const ON = { Status: { State: 'Enabled' } }
const machine = (pages: Record<string, unknown>) =>
  redfishTree({ 1: { Links: { Chassis: [chassis('1')] } } }, { 1: { ChassisType: 'RackMount', pages } })

/** One session that is read again and again, so many seconds apart. */
async function watch(first: Record<string, unknown>) {
  const bmc = await startBmc(first)
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const session = openBmc(bmc)
  const faults: string[] = []
  const poll = async (afterS = 10) => {
    vi.advanceTimersByTime(1000 * afterS)
    const [reading] = await session.read(soon())
    faults.push(...(reading?.sample.faults ?? []))
    return reading
  }
  const watts = async (times: number, afterS = 10) => {
    const all: unknown[] = []
    for (let i = 0; i < times; i++) all.push((await poll(afterS))?.sample.powerW)
    return all
  }
  return { bmc, poll, watts, faults }
}

const supply = (watts: number, energyKwh?: number) => ({
  InputPowerWatts: { Reading: watts },
  ...(energyKwh !== undefined && { EnergykWh: { Reading: energyKwh } }),
})
const metered = (...watts: number[]) =>
  machine(subsystem(ROOT, Object.fromEntries(watts.map((each, i) => [`Bay${i}`, supply(each)]))))

describe('a supply of a PowerSubsystem', () => {
  test('that the BMC lists only after the start counts at the next poll, and that it was missing is told', async () => {
    const { bmc, watts, faults } = await watch(metered(300))
    expect(await watts(3)).toEqual([300, 300, 300])
    bmc.resources = metered(300, 310)
    expect(await watts(3)).toEqual([610, 610, 610])
    expect(faults).toEqual([
      'PowerSubsystem of chassis 1: the BMC shows Bay1 only now, so the power was too low before; 2 are added up',
    ])
  })

  test('that is plugged in after days counts within a minute or two', async () => {
    const { bmc, watts } = await watch(metered(500, 500))
    await watts(12, 60)
    bmc.resources = metered(500, 500, 510, 505)
    expect((await watts(2, 60)).at(-1)).toBe(2015)
  })

  test('that is missing for some polls makes the power unknown, never half of it', async () => {
    const { bmc, watts, faults } = await watch(metered(300, 310))
    expect(await watts(2)).toEqual([610, 610])
    bmc.resources = metered(300)
    expect(await watts(4)).toEqual([undefined, undefined, undefined, undefined])
    bmc.resources = metered(300, 310)
    expect((await watts(2)).at(-1)).toBe(610)
    expect(faults).toContainEqual(expect.stringContaining('the power of 1 of 2 supplies'))
  })

  test('that was taken out counts no more where the others carry its load', async () => {
    const { bmc, watts } = await watch(metered(300, 310))
    await watts(2)
    bmc.resources = metered(604)
    expect(await watts(2)).toEqual([604, 604])
    bmc.resources = metered(604, 20)
    expect((await watts(2)).at(-1)).toBe(624)
  })

  test.each([
    ['that shows 0 W', { InputPowerWatts: { Reading: 0 } }],
    ['that shows nothing', { InputPowerWatts: { Reading: null } }],
    ['that is no longer in the list', undefined],
  ])(
    '%s while the others draw what they drew makes the power unknown, for hours and told at each poll',
    async (_, last) => {
      const six = { A: 1700, B: 1690, C: 1710, D: 1700, E: 1705 }
      const five = Object.fromEntries(Object.entries(six).map(([name, w]) => [name, supply(w)]))
      const { bmc, watts, poll } = await watch(machine(subsystem(ROOT, { ...five, F: supply(1695) })))
      expect((await watts(2)).at(-1)).toBe(10_200)
      bmc.resources = machine(subsystem(ROOT, last ? { ...five, F: last } : five))
      expect(new Set(await watts(40, 60))).toEqual(new Set([undefined]))
      const fault = 'the power of 5 of 6 supplies (F carried 1695 W, which the others have not taken over'
      expect((await poll())?.sample).toMatchObject({
        state: 'unknown',
        faults: [expect.stringContaining(fault)],
      })
      bmc.resources = machine(subsystem(ROOT, { ...five, F: supply(1690) }))
      expect((await watts(3, 60)).at(-1)).toBe(10_195)
    },
  )

  test('that its own page calls absent counts no more, also where the load fell with it', async () => {
    const both = metered(800, 810)
    const { bmc, watts } = await watch(both)
    await watts(2)
    bmc.resources = metered(400, 0)
    expect((await watts(1)).at(-1)).toBeUndefined()
    const page = `${ROOT}/PowerSubsystem/PowerSupplies/Bay1`
    bmc.resources = {
      ...metered(400, 0),
      [page]: { ...(both[page] as object), Status: { State: 'Absent' } },
    }
    expect((await watts(6, 60)).at(-1)).toBe(400)
  })

  test('is as missing at another place of the same BMC that is read only then', async () => {
    const page = (...each: number[]) => ({
      Power: { PowerSupplies: each.map((w, i) => ({ MemberId: `${i}`, PowerInputWatts: w, ...ON })) },
    })
    const below = (...each: number[]) =>
      subsystem(ROOT, Object.fromEntries(each.map((w, i) => [`Bay${i}`, supply(w)])))
    const { bmc, watts } = await watch(machine({ ...page(800, 810), ...below(800, 810) }))
    expect((await watts(2)).at(-1)).toBe(1610)
    bmc.resources = machine({ ...page(800, 0), ...below(800, 0) })
    expect(new Set(await watts(5))).toEqual(new Set([undefined]))
    bmc.resources = machine({ ...page(1600, 0), ...below(1600, 0) })
    expect((await watts(15, 60)).at(-1)).toBeUndefined()
  })

  test('whose page fails at the start counts at the next poll', async () => {
    const whole = metered(300, 310)
    const page = `${ROOT}/PowerSubsystem/PowerSupplies/Bay1`
    const { bmc, watts } = await watch({ ...whole, [page]: undefined })
    expect(await watts(2)).toEqual([undefined, undefined])
    bmc.resources = whole
    expect((await watts(2)).at(-1)).toBe(610)
  })

  test('in a list of several pages counts like all others', async () => {
    const whole = metered(500, 500, 510, 505)
    const list = `${ROOT}/PowerSubsystem/PowerSupplies`
    const { Members } = whole[list] as { Members: object[] }
    const next = `${list}?$skip=2`
    const { watts } = await watch({
      ...whole,
      [list]: { Members: Members.slice(0, 2), 'Members@odata.nextLink': next },
      [next]: { Members: Members.slice(2) },
    })
    expect(await watts(1)).toEqual([2015])
  })

  test('that joins later brings no energy of its past', async () => {
    const counted = (...kWh: number[]) =>
      machine(subsystem(ROOT, Object.fromEntries(kWh.map((each, i) => [`Bay${i}`, supply(300, each)]))))
    const { bmc, poll } = await watch(counted(100.0001))
    const before = (await poll())?.counters?.energyJ ?? 0
    bmc.resources = counted(100.0011, 5000.0001)
    await poll()
    bmc.resources = counted(100.0021, 5000.0011)
    const after = (await poll())?.counters?.energyJ ?? 0
    expect((after - before) / 3.6e6).toBeCloseTo(0.003, 6)
  })

  test('nor where it joins while the agent restarts, and one that leaves then takes none away', async () => {
    const counted = (kWh: Record<string, number>) =>
      machine(
        subsystem(
          ROOT,
          Object.fromEntries(Object.entries(kWh).map(([name, each]) => [name, supply(300, each)])),
        ),
      )
    const bmc = await startBmc(counted({ Bay0: 100.0001, Bay1: 200.0001 }))
    let kept: unknown
    /** What an agent that starts reads first. */
    const countedNow = async () => {
      const session = redfish.open({
        id: 'gpu-01',
        host: '',
        options: redfish.settings.parse({ url: bmc.url }),
        ...(kept !== undefined && { remembered: kept }),
      })
      const [reading] = await session.read(soon())
      kept = JSON.parse(JSON.stringify(session.remembers?.()))
      session.close?.()
      return (reading?.counters?.energyJ ?? 0) / 3.6e6
    }
    const before = await countedNow()
    bmc.resources = counted({ Bay0: 100.0011, Bay1: 200.0011, Bay2: 5000.0001 })
    expect((await countedNow()) - before).toBeCloseTo(0.002, 6)
    bmc.resources = counted({ Bay0: 100.0021, Bay2: 5000.0011 })
    expect((await countedNow()) - before).toBeCloseTo(0.004, 6)
  })
})

describe('a list that shrinks makes the power unknown, never half of it', () => {
  const listed = (...watts: number[]) =>
    machine({
      Power: { PowerSupplies: watts.map((each, i) => ({ MemberId: `${i}`, PowerInputWatts: each, ...ON })) },
    })
  const sensed = (...watts: number[]) =>
    machine(
      Object.fromEntries(
        watts.map((Reading, i) => [
          `Sensors/PSU${i + 1}_PIN`,
          { Reading, ReadingUnits: 'W', ReadingType: 'Power', ...ON },
        ]),
      ),
    )
  const boards = (...watts: number[]) =>
    redfishTree(
      { 1: { Links: { Chassis: [chassis('Chassis_0')] } } },
      {
        Chassis_0: { ChassisType: 'RackMount' },
        ...Object.fromEntries(
          watts.map((Reading, i) => [
            `PDB_${i}`,
            {
              pages: {
                [`Sensors/PDB_${i}_HSC_0_Pwr_0`]: { Reading, ReadingUnits: 'W', ReadingType: 'Power' },
              },
            },
          ]),
        ),
      },
    )

  test.each([
    ['PowerSupplies of a Power', listed],
    ['Sensors of the supplies', sensed],
    ['distribution boards', boards],
  ])('%s', async (_, pages) => {
    const { bmc, watts, faults } = await watch(pages(300, 310))
    expect(await watts(2)).toEqual([610, 610])
    bmc.resources = pages(300)
    expect(await watts(3)).toEqual([undefined, undefined, undefined])
    bmc.resources = pages(300, 310)
    expect((await watts(2)).at(-1)).toBe(610)
    expect(faults).toContainEqual(expect.stringContaining('the power of 1 of 2'))
  })

  test.each([
    ['PowerSupplies of a Power', listed],
    ['Sensors of the supplies', sensed],
    ['distribution boards', boards],
  ])('and one that grows is added up at the next poll: %s', async (_, pages) => {
    const { bmc, watts } = await watch(pages(300))
    expect(await watts(2)).toEqual([300, 300])
    bmc.resources = pages(300, 310)
    expect((await watts(2)).at(-1)).toBe(610)
  })

  test('and says nothing against a total beside it', async () => {
    const withTotal = (...watts: number[]) => {
      const pages = listed(...watts)
      const power = pages[`${ROOT}/Power`] as object
      return { ...pages, [`${ROOT}/Power`]: { ...power, PowerControl: [{ PowerConsumedWatts: 600 }] } }
    }
    const { bmc, watts } = await watch(withTotal(300, 310))
    await watts(2)
    bmc.resources = withTotal(150)
    expect(await watts(9, 60)).toEqual(Array(9).fill(600))
  })
})
