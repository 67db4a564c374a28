import { describe, expect, onTestFinished, test, vi } from 'vitest'
import redfish from '../../../../agent/drivers/redfish/redfish.ts'
import { soon } from '../../asic-harness.ts'
import { startBmc } from '../../bmc-server.ts'
import { powerOf, reported } from '../../redfish-reading.ts'
import { chassis, redfishTree, subsystem } from '../../redfish-tree.ts'

const ROOT = '/redfish/v1/Chassis/1'
const sensor = (Reading: unknown, State?: string) => ({
  Reading,
  ReadingUnits: 'W',
  ReadingType: 'Power',
  ...(State && { Status: { State } }),
})
const machine = (pages: Record<string, unknown>) =>
  redfishTree({ 1: { Links: { Chassis: [chassis('1')] } } }, { 1: { ChassisType: 'RackMount', pages } })

/** DSP2046: Status.State of Sensor, PowerSupply and PowerSupplyMetrics; LineInputStatus of PowerSupply. */
describe('a sensor that is switched off keeps an old reading, which counts nowhere', () => {
  test.each(['Disabled', 'Absent', 'UnavailableOffline'])('in state %s', async (State) => {
    const total = { 'Sensors/total_power': sensor(640, State) }
    expect(await powerOf(machine({ ...total, 'Sensors/ps0_input_power': sensor(330) }))).toEqual(
      reported(330),
    )
    await expect(powerOf(machine(total))).rejects.toThrow('shows a power')
  })

  test('nor in EnvironmentMetrics that name it and no value', async () => {
    const pages = machine({
      EnvironmentMetrics: { PowerWatts: { DataSourceUri: `${ROOT}/Sensors/TotalPower` } },
      'Sensors/TotalPower': sensor(640, 'Disabled'),
      Power: { PowerControl: [{ PowerConsumedWatts: 512 }] },
    })
    expect(await powerOf(pages)).toEqual(reported(512))
  })
})

describe('a supply that is on and shows no power makes the sum unknown, or leads to the next place', () => {
  const ON = { Status: { State: 'Enabled' } }
  const next = { 'Sensors/total_power': sensor(1200) }
  const both = async (pages: Record<string, unknown>) => {
    expect(await powerOf(machine({ ...pages, ...next }))).toMatchObject(reported(1200))
    expect((await powerOf(machine(pages)))?.state).toBe('unknown')
  }
  const list = (second: object) => ({ Power: { PowerSupplies: [{ PowerInputWatts: 612, ...ON }, second] } })

  test.each([[{ PowerInputWatts: null, ...ON }], [{ PowerInputWatts: 'Unknown' }], [ON]])(
    'in the list of a Power: %j',
    async (second) => both(list(second)),
  )

  test.each([
    { PowerInputWatts: 0, ...ON },
    { PowerInputWatts: null, ...ON, LineInputStatus: 'LossOfInput' },
    { PowerInputWatts: null, Status: { State: 'StandbySpare' } },
    { PowerInputWatts: null },
  ])('but one that rests does not: %j', async (second) => {
    expect(await powerOf(machine(list(second)))).toEqual(reported(612))
  })

  test('in a PowerSubsystem: by the state of the supply, by its words, or without metrics', async () => {
    const supplies = (metrics: object, supply: object) => {
      const below = subsystem(ROOT, { Bay1: { InputPowerWatts: { Reading: 612 } }, Bay2: { ...metrics } })
      const at = 'PowerSubsystem/PowerSupplies/Bay2'
      return { ...below, [at]: { ...(below[at] as object), ...supply } }
    }
    await both(supplies({ InputPowerWatts: { Reading: null } }, ON))
    await both(supplies({ InputPowerWatts: { Reading: 'Unknown' } }, {}))
    await both(supplies({}, { ...ON, Metrics: undefined }))
  })

  test('among the Sensors', async () => {
    const pages = { 'Sensors/PSU1_PIN': sensor(612), 'Sensors/PSU2_PIN': sensor(null, 'Enabled') }
    expect((await powerOf(machine(pages)))?.state).toBe('unknown')
  })
})

describe('a total that its supplies disprove', () => {
  const bmcOf = async (PowerConsumedWatts: number) => {
    const supply = { InputPowerWatts: { Reading: 300 } }
    const bmc = await startBmc(
      machine({
        Power: { PowerControl: [{ PowerConsumedWatts }] },
        ...subsystem(ROOT, { A: supply, B: supply }),
      }),
    )
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const pages = bmc.resources
    const silent = (is: boolean) => {
      const told = Object.entries(pages).filter(([path]) => !path.includes('PowerSupplies'))
      bmc.resources = is ? Object.fromEntries(told) : pages
    }
    const open = (remembered?: unknown) =>
      redfish.open({
        id: 'gpu-01',
        host: '',
        options: redfish.settings.parse({ url: bmc.url }),
        ...(remembered !== undefined && { remembered }),
      })
    const read = async (session: ReturnType<typeof open>) => (await session.read(soon()))[0]?.sample
    return { silent, open, read }
  }

  test.each([4000, 50])(
    'of %d W stays unused while they are silent, also where the machine is looked for again, and over a restart',
    async (totalW) => {
      const { silent, open, read } = await bmcOf(totalW)
      let session = open()
      expect((await read(session))?.powerW).toBe(600)
      silent(true)
      const unknown = {
        state: 'unknown',
        faults: expect.arrayContaining([
          expect.stringContaining(`the BMC says ${totalW} W, beside 600 W of its supplies`),
        ]),
      }
      for (let i = 0; i < 4; i++) {
        vi.advanceTimersByTime(4 * 60_000)
        expect(await read(session)).toEqual(unknown)
      }
      session = open(JSON.parse(JSON.stringify(session.remembers?.())))
      expect(await read(session)).toEqual(unknown)
      silent(false)
      vi.advanceTimersByTime(11 * 60_000)
      await read(session)
      expect((await read(session))?.powerW).toBe(600)
    },
  )

  test('is disproved ten seconds later where they were silent at first', async () => {
    const { silent, open, read } = await bmcOf(4000)
    const session = open()
    silent(true)
    expect((await read(session))?.powerW).toBe(4000)
    silent(false)
    vi.advanceTimersByTime(11_000)
    expect((await read(session))?.powerW).toBe(600)
  })
})
