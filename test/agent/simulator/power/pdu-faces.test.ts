import { afterEach, describe, expect, test } from 'vitest'
import snmpPdu from '../../../../agent/drivers/snmp-pdu/snmp-pdu.ts'
import { PDU_TABLES } from '../../../../agent/drivers/snmp-pdu/tables/index.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import { Pdu } from '../../../../agent/simulator/power/pdu.ts'
import type { ShownPart } from '../../../../agent/simulator/power/pdu-face.ts'
import { PDU_FACES } from '../../../../agent/simulator/power/pdu-faces.ts'

const BEFORE_WH = 1_444_088
const INLET_ONLY = 'APC rPDU of the first generation'
/** it shows the whole alone, and its energy in whole kWh */
const WHOLE_KWH = 'Geist V3'
/** its segments have no names in the MIB */
const NAMELESS = 'HP Intelligent Modular PDU'
const never = new AbortController().signal
const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const none: ShownPart = { name: '', powerW: 0, countedWh: 0 }

test('every family that the driver knows has a face', () => {
  const columns = PDU_FACES.flatMap((face) => face.rows(none, [none])).flatMap(({ oid, index, cells }) =>
    index ? Object.keys(cells).map((column) => `${oid}.${column}`) : [oid],
  )
  for (const table of PDU_TABLES) {
    const rows = table.parts.map((part) => part.rows.replace('*', '87'))
    expect(
      rows.some((column) => columns.includes(column)),
      `${table.vendor} ${table.objectIdPrefix}`,
    ).toBe(true)
  }
})

describe.each(PDU_FACES.map((face) => [face.name, face] as const))('an emulated %s', (_name, face) => {
  const hosts = [
    { name: 'gpu-a', wallW: 2304 },
    { name: 'gpu-b', wallW: 781 },
    { name: 'spare', wallW: 0 },
  ]
  async function emulated() {
    const pdu = new Pdu('pdu-07', '127.0.0.1', 0, hosts, face)
    await pdu.open()
    closers.push(() => pdu.close())
    return pdu
  }
  const open = (pdu: Pdu, settings: object = {}): Session => {
    const options = snmpPdu.settings.parse({ port: pdu.port, version: '2c', ...settings })
    const session = snmpPdu.open({ id: 'pdu-07', host: '127.0.0.1', options })
    closers.push(() => session.close?.())
    return session
  }
  const hasOutlets = face.name !== INLET_ONLY && face.name !== WHOLE_KWH
  const mostStepWh = face.name === WHOLE_KWH ? 1000 : 100

  test('is found by its number and read as it truly is: watts, counters and names', async () => {
    const pdu = await emulated()
    pdu.advance(1800)
    const readings = await open(pdu).read(never)
    const parts = new Map(readings.map((reading) => [reading.part ?? '', reading]))
    expect([...parts.keys()]).toEqual(hasOutlets ? ['inlet', 'outlet1', 'outlet2', 'outlet3'] : ['inlet'])
    const truths = {
      inlet: pdu.inlet,
      ...Object.fromEntries(pdu.outlets.map((o, i) => [`outlet${i + 1}`, o.draw])),
    }
    for (const [part, reading] of parts) {
      const truth = truths[part as keyof typeof truths]
      const outlet = pdu.outlets[Number(part.slice('outlet'.length)) - 1]
      expect(reading.sample, part).toMatchObject({ state: 'ok', powerBasis: 'metered' })
      expect(reading.sample.faults, part).toBeUndefined()
      // 0.01 kW of an APC rPDU2
      expect(Math.abs(reading.sample.powerW! - truth.powerW), part).toBeLessThan(part === 'inlet' ? 10 : 1)
      if (outlet) expect(reading.behind).toBe('inlet')
      if (outlet && face.name !== NAMELESS) expect(reading.identity.tags).toEqual({ name: outlet.host.name })
      const energyJ = reading.counters?.energyJ
      if (energyJ === undefined) continue
      const trueWh = BEFORE_WH + truth.energyJ / 3600
      expect(energyJ / 3600, part).toBeLessThanOrEqual(trueWh + 1e-6)
      expect(energyJ / 3600, part).toBeGreaterThan(trueWh - mostStepWh - 0.001)
    }
    const counted = readings.filter(({ counters }) => counters?.energyJ !== undefined)
    expect(counted.length).toBe(countingParts(face.name, parts.size))
  })

  test('is the same to its maker’s name in the settings', async () => {
    const pdu = await emulated()
    pdu.advance(10)
    const auto = await open(pdu).read(never)
    const vendors = PDU_TABLES.filter(({ objectIdPrefix }) =>
      `${face.sysObjectId}.`.startsWith(`${objectIdPrefix}.`),
    ).map(({ vendor }) => vendor)
    expect(new Set(vendors).size).toBe(1)
    const named = await open(pdu, { vendor: vendors[0] }).read(never)
    const figures = (readings: typeof auto) => readings.map(({ part, sample }) => [part, sample.powerW])
    expect(figures(named)).toEqual(figures(auto))
  })
})

/** Some families count no energy at all, or not of the whole. */
const countingParts = (name: string, parts: number): number => {
  if (name === INLET_ONLY || name === 'Tripp Lite with PADM') return 0
  return name === NAMELESS ? parts - 1 : parts
}
