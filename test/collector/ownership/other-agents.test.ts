import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { knownDevices } from '../../../collector/composition/devices.ts'
import { Doubts } from '../../../collector/doubts/doubts.ts'
import type { LedgerRow } from '../../../collector/economics/ledger-row.ts'
import { type Workload, WorkloadSchema } from '../../../collector/economics/workloads.ts'
import { SiteState } from '../../../collector/live/state.ts'
import { DEVICE_KINDS, type Device } from '../../../protocol/device.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, POOL, record, T0, TENANT } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { OwnersRig } from './owners-rig.ts'

/** What agent a reads, and how it is configured: one miner behind its PDU, a GPU, an LLM server, a hosted machine, a host with its GPU, and a host alone. */
const MINE: Device[] = [
  { deviceId: 'meter', kind: 'meter', driver: 'modbus-meter' },
  { deviceId: 'pdu1', kind: 'meter', driver: 'snmp-pdu', meteredBy: 'meter' },
  { deviceId: 'm1', kind: 'asic', driver: 'antminer', meteredBy: 'pdu1', mac: '02:AB:5E:00:00:01' },
  { deviceId: 'm2', kind: 'asic', driver: 'antminer', address: '10.0.0.7', hardwareId: 'SMTJX4ABC01' },
  {
    deviceId: 'node7/gpu0',
    kind: 'gpu',
    driver: 'nvml',
    hardwareId: 'GPU-1111',
    hostname: 'n7',
    computer: 'c7',
  },
  { deviceId: 'node8', kind: 'host', driver: 'redfish', measures: 'machine', hostname: 'n8', computer: 'c8' },
  { deviceId: 'node8/gpu0', kind: 'gpu', driver: 'nvml', hostname: 'n8', computer: 'c8' },
  { deviceId: 'node9', kind: 'host', driver: 'redfish', measures: 'machine', hostname: 'n9', computer: 'c9' },
  { deviceId: 'llm', kind: 'service', driver: 'llm-server', address: '10.0.0.9:8000' },
  { deviceId: 'c1', kind: 'asic', driver: 'antminer', tags: { customer: 'acme' } },
]
/** The same once a lease has changed. */
const MOVED = MINE.map((device) => (device.deviceId === 'm2' ? { ...device, address: '10.0.0.99' } : device))
const W = (kw: number) => kw * 60_000_000
const mine = (minute: number): Interval[] => [
  record(minute, 'meter', { owner: {}, energyMilliJ: W(20) }),
  record(minute, 'pdu1', { owner: {}, energyMilliJ: W(3.4) }),
  record(minute, 'm1', { owner: POOL, energyMilliJ: W(3.5), workDiff1: 1_000_000 }),
  record(minute, 'm2', { owner: POOL, energyMilliJ: W(3.5), workDiff1: 1_000_000 }),
  record(minute, 'node7/gpu0', { owner: TENANT, energyMilliJ: W(0.3), gpuMs: 60_000 }),
  record(minute, 'node8', { owner: {}, energyMilliJ: W(1.2) }),
  record(minute, 'node8/gpu0', { owner: TENANT, energyMilliJ: W(0.7), gpuMs: 60_000 }),
  record(minute, 'node9', { owner: {}, energyMilliJ: W(2) }),
  record(minute, 'llm', { owner: { service: 's' }, energyMilliJ: 0, tokensIn: 1000, tokensOut: 100 }),
  record(minute, 'c1', { owner: {}, energyMilliJ: W(1) }),
]
const PAID_BY_USE: Workload[] = [
  { name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] },
  { name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 2.1, match: [{ namespace: '*' }] },
  {
    name: 'chat',
    kind: 'tokens',
    usdPerMillionTokensIn: 1,
    usdPerMillionTokensOut: 1,
    match: [{ service: '*' }],
  },
].map((w) => WorkloadSchema.parse(w))
const RENT = WorkloadSchema.parse({
  name: 'hosting',
  kind: 'colocation',
  contractedKw: 5,
  usdPerKwMonth: 100,
  match: [{ 'tag.customer': 'acme' }],
})

/** Names, addresses and numbers: those of agent a, those near them, and its own. */
const names = [
  ...MINE.map(({ deviceId }) => deviceId),
  'node7',
  'node7/gpu9',
  'node8/gpu1',
  'node9/gpu0',
  'n7',
  'x',
  'y',
  'z/gpu0',
]
const device: fc.Arbitrary<Device> = fc.record(
  {
    deviceId: fc.constantFrom(...names),
    kind: fc.constantFrom(...DEVICE_KINDS),
    driver: fc.constant('cgminer'),
    mac: fc.constantFrom('02-ab-5e-00-00-01', '02:AB:5E:00:00:99'),
    hardwareId: fc.constantFrom('smtjx4abc01', 'GPU-1111', 'GPU-2222', '02AB5E000001'),
    address: fc.constantFrom('10.0.0.7', '10.0.0.7:4028', '10.0.0.9:8000', '10.0.0.99'),
    hostname: fc.constantFrom('n7', 'N7.example', 'n8', 'n9'),
    computer: fc.constantFrom('c7', 'c8', 'c9'),
    measures: fc.constantFrom('machine' as const, 'part' as const),
    // pdu1, node8, node9 and what is behind them are left out: who is set behind a meter has a part in what it shows
    meteredBy: fc.constantFrom('meter', 'x', 'y', 'node7', 'm2', 'llm'),
    generates: fc.constantFrom('solar' as const, 'battery' as const),
    tags: fc.constantFrom({ customer: 'acme' }, { customer: 'other' }),
    algorithm: fc.constantFrom('scrypt', 'unknown'),
    ratedPowerW: fc.constantFrom(1, 1e6),
    expectedHashrateHs: fc.constantFrom(1, 1e18),
  },
  { requiredKeys: ['deviceId', 'kind', 'driver'], noNullPrototype: true },
)
const recordOf = fc.record({
  deviceId: fc.constantFrom(...names),
  minute: fc.integer({ min: 0, max: 3 }),
  owner: fc.constantFrom(POOL, TENANT, {}, { service: 's' }),
  energyMilliJ: fc.constantFrom(0, W(0.3), W(40)),
  workDiff1: fc.constantFrom(0, 1_000_000, 1e13),
  gpuMs: fc.constantFrom(0, 60_000, 1e10),
  tokensIn: fc.constantFrom(0, 1e9),
})
const message = fc.oneof(
  fc.uniqueArray(device, { selector: (d) => d.deviceId, maxLength: 6 }).map((devices) => ({ devices })),
  fc
    .uniqueArray(recordOf, {
      selector: (r) => `${r.deviceId} ${r.minute} ${JSON.stringify(r.owner)}`,
      minLength: 1,
      maxLength: 6,
    })
    .map((records) => ({ records })),
)
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never

/** What agent b has had before agent a was heard, in the messages that make it the older one: addresses that nobody else had then. */
const OLDER: Device[] = ['x', 'y'].map((deviceId, i) => ({
  deviceId,
  kind: 'asic',
  driver: 'cgminer',
  address: `10.0.0.5${i}`,
  ...(i === 0 && { mac: '02:AB:5E:00:00:99' }),
}))

/**
 * The ledger's rows of agent a's machines after both have sent four minutes; what a has sent first was settled before b's messages are heard.
 * @param isOlder b has machines of its own, and was paid for them, before a was heard
 */
async function ledger(
  messages: readonly Message[],
  workloads: readonly Workload[],
  isOlder = false,
): Promise<LedgerRow[]> {
  const store = new MemoryStore()
  let state = new SiteState()
  const doubts = new Doubts({
    device: (agentId, deviceId) => state.device(agentId, deviceId),
    gpusOf: (agentId, deviceId) => state.gpusOf(agentId, deviceId),
    powerLimitW: () => undefined,
    nowMs: () => rig.ledger.nowMs,
  })
  const rig: OwnersRig = new OwnersRig(store, undefined, {
    workloads,
    judges: [(agentId, each) => doubts.judge(agentId, each)],
    devices: (register) => {
      state = new SiteState(register)
      return knownDevices(state, register)
    },
  })
  await rig.start()
  const hear = (agentId: string, devices: Device[]) => {
    state.inventory(agentId, { v: 1, atMs: T0, simulated: false, devices })
    rig.hear(agentId, devices)
  }
  let other = 1
  if (isOlder) {
    hear('b', OLDER)
    const records = [-3, -2, -1].flatMap((minute) =>
      OLDER.map(({ deviceId }) => record(minute, deviceId, { owner: POOL, workDiff1: 1_000_000 })),
    )
    await rig.ledger.take(batch(other, records), 'b')
    other += records.length
    await rig.ledger.settleAll()
  }
  hear('a', MINE)
  let seq = 1
  const take = async (minute: number) => {
    const records = mine(minute)
    await rig.ledger.take(batch(seq, records), 'a')
    seq += records.length
  }
  for (const minute of [0, 1]) await take(minute)
  await rig.ledger.settleAll()
  for (const each of messages)
    if ('devices' in each) hear('b', each.devices)
    else {
      const records = each.records.map(({ minute, ...more }) => record(minute, more.deviceId, more))
      await rig.ledger.take(batch(other, records), 'b')
      other += records.length
    }
  await rig.ledger.settleAll()
  hear('a', MOVED)
  for (const minute of [2, 3]) await take(minute)
  await rig.keeper.flush()
  rig.ledger.nowMs += 5 * MINUTE_MS
  await rig.ledger.settleAll()
  await rig.stop()
  return store.rows.sort((x, y) => x.minuteMs - y.minuteMs || (keyOf(x) < keyOf(y) ? -1 : 1))
}
const keyOf = ({ deviceId, workload, owner }: LedgerRow) => `${deviceId} ${workload} ${owner}`

/**
 * Of its machines. Meters are left out: what the site's shows beyond the machines is less where there are more of them. Of a host alone
 * only the energy is compared: of what it shows, another agent's GPUs may have a part.
 */
function ofA(rows: readonly LedgerRow[]): string[] {
  const own = rows.filter(
    ({ agentId, deviceId }) => agentId === 'a' && deviceId !== 'meter' && deviceId !== 'pdu1',
  )
  const host = new Map<number, number>()
  for (const { deviceId, minuteMs, energyMilliJ } of own)
    if (deviceId === 'node9') host.set(minuteMs, (host.get(minuteMs) ?? 0) + energyMilliJ)
  const texts = own
    .filter(({ deviceId }) => deviceId !== 'node9')
    .map(({ minuteMs, deviceId, workload, ...sums }) =>
      [
        minuteMs,
        deviceId,
        workload,
        sums.revenueNanoUsd,
        sums.energyMilliJ,
        sums.costNanoUsd,
        sums.workDiff1,
        sums.gpuMs,
        sums.tokensIn,
      ].join(' '),
    )
  return [...texts, ...[...host].map(([minuteMs, energyMilliJ]) => `${minuteMs} node9 ${energyMilliJ}`)]
}

describe('no message of one agent', () => {
  it('changes what another’s machines earn, nor their energy where they are set behind no meter of its machines', async () => {
    const alone = ofA(await ledger([], PAID_BY_USE))
    expect(alone).toHaveLength(4 * 9)
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 5 }), async (messages) => {
        expect(ofA(await ledger(messages, PAID_BY_USE))).toEqual(alone)
      }),
      { numRuns: 150 },
    )
  })

  it('nor where it has had machines of its own before the other was heard, and they move onto the other’s addresses', async () => {
    const alone = ofA(await ledger([], PAID_BY_USE))
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 5 }), async (messages) => {
        const rows = await ledger(messages, PAID_BY_USE, true)
        expect(ofA(rows)).toEqual(alone)
      }),
      { numRuns: 150 },
    )
  })

  it('changes what a contract of a fixed sum pays in all: only the share of each machine in it', async () => {
    const rent = (rows: readonly LedgerRow[]) => {
      const sums = new Map<number, number>()
      for (const { workload, minuteMs, revenueNanoUsd } of rows)
        if (workload === RENT.name) sums.set(minuteMs, (sums.get(minuteMs) ?? 0) + revenueNanoUsd)
      return [...sums]
    }
    const others = (rows: readonly LedgerRow[]) =>
      ofA(rows).filter((text) => !text.includes(` ${RENT.name} `))
    const workloads = [RENT, ...PAID_BY_USE]
    const alone = await ledger([], workloads)
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 5 }), async (messages) => {
        const rows = await ledger(messages, workloads)
        expect(rent(rows)).toEqual(rent(alone))
        expect(others(rows)).toEqual(others(alone))
        const isMember = rows.some(({ workload, agentId }) => workload === RENT.name && agentId === 'b')
        if (!isMember) expect(ofA(rows)).toEqual(ofA(alone))
      }),
      { numRuns: 100 },
    )
  })
})
