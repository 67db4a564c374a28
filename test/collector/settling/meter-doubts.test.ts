import { expect, test } from 'vitest'
import type { Device } from '../../../protocol/device.ts'
import { batch, LedgerRig, record } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const KW_MINUTE = 60_000_000

/** Settles minutes of a host behind a PDU. @returns the checks that hold its records, and the counting minutes of the host */
async function settled(
  host: Partial<Device>,
  hostKw: readonly number[],
  meterKw: readonly number[],
  also: Device[] = [],
) {
  const devices: Device[] = [
    { deviceId: 'node', kind: 'host', driver: 'redfish', meteredBy: 'pdu', ...host },
    { deviceId: 'pdu', kind: 'meter', driver: 'snmp-pdu', meteredBy: 'meter' },
    { deviceId: 'meter', kind: 'meter', driver: 'modbus-meter' },
    ...also,
  ]
  const find = (deviceId: string) => devices.find((d) => d.deviceId === deviceId)
  const store = new MemoryStore()
  const known = { find, device: (_agentId: string, deviceId: string) => find(deviceId), all: () => devices }
  const rig = await new LedgerRig(store, undefined, [], known).start()
  for (const [m, kw] of hostKw.entries()) {
    const records = [
      record(m, 'node', { energyMilliJ: kw * KW_MINUTE }),
      record(m, 'pdu', { energyMilliJ: (meterKw[m] ?? 0) * KW_MINUTE }),
    ]
    await rig.take(batch(1 + 2 * m, records))
    await rig.settleAll()
  }
  await rig.stop()
  const held = await store.held({ state: 'open' }, 99)
  return { checks: held.map((h) => h.check), reason: held[0]?.reason, held: held.length }
}
const minutes = (n: number, kw: number): number[] => Array<number>(n).fill(kw)

test('a device that tells far more than the meter above it is doubtful from a kWh on, and the reason gives both figures', async () => {
  const { checks, reason, held } = await settled({}, minutes(10, 25), minutes(10, 0.5))
  expect(new Set(checks)).toEqual(new Set(['meter']))
  // two minutes and a bit are the first kWh
  expect(held).toBe(8)
  expect(reason).toMatch(
    /^a, node: it tells 1\.25 kWh in an hour in which the meter above it, pdu, tells 0\.03 kWh; /,
  )
})

test.each<[string, Partial<Device>, number[], number[], Device[]?]>([
  ['that tells a third more', {}, minutes(60, 4), minutes(60, 3)],
  [
    'whose meter counts whole kWh',
    {},
    minutes(60, 2),
    minutes(60, 0).map((_, m) => (m === 29 || m === 59 ? 60 : 0)),
  ],
  ['whose meter stands still', {}, minutes(30, 25), minutes(30, 0)],
  ['whose own rating bears it out', { ratedPowerW: 25_000 }, minutes(10, 25), minutes(10, 0.5)],
  [
    'that own generation feeds behind the meter',
    {},
    minutes(10, 25),
    minutes(10, 0.5),
    [{ deviceId: 'sun', kind: 'meter', driver: 'modbus-meter', generates: 'solar', meteredBy: 'pdu' }],
  ],
])('a device %s is not', async (_, host, own, meter, also) => {
  expect(await settled(host, own, meter, also)).toMatchObject({ held: 0 })
})
