import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AgentInterval, LedgerRow } from '../../../../collector/economics/ledger-row.ts'
import { settleMinute } from '../../../../collector/economics/settlement/ledger-rows.ts'
import { type Workload, WorkloadSchema } from '../../../../collector/economics/workloads.ts'
import { QuoteBook } from '../../../../collector/prices/quote-book.ts'
import { Pricing } from '../../../../collector/settling/pricing.ts'
import type { Device } from '../../../../protocol/device.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { rulesText } from '../../rules.ts'

const MINUTE = Date.UTC(2026, 5, 1, 10)
const OWNERS = [
  { poolUrl: 'stratum+tcp://pool.example:3333' },
  { namespace: 'tenant' },
  { service: 'chat' },
  {},
]
const WORKLOADS: Workload[] = [
  { name: 'mining', kind: 'mining', scheme: 'fpps', poolFeeRatio: 0.02, match: [{ poolUrl: '*' }] },
  { name: 'rental', kind: 'gpu-hour', usdPerGpuHour: 2.1, match: [{ namespace: '*' }] },
  {
    name: 'chat',
    kind: 'tokens',
    usdPerMillionTokensIn: 0.15,
    usdPerMillionTokensOut: 0.6,
    match: [{ service: '*' }],
  },
].map((w) => WorkloadSchema.parse(w))

const device = (deviceId: string, kind: Device['kind'], meteredBy?: string): Device => ({
  deviceId,
  kind,
  driver: 'any',
  ...(meteredBy ? { meteredBy } : {}),
})
/** Agent a: machines behind its own meter, one behind the meter of agent b, and one behind none. Agent b: of each kind. */
const DEVICES: Record<string, Device[]> = {
  a: [
    device('a-pdu', 'meter', 'site'),
    device('a1', 'asic', 'a-pdu'),
    device('a2', 'gpu', 'a-pdu'),
    device('a3', 'service'),
    device('a4', 'asic', 'b-pdu'),
  ],
  b: [
    device('b-pdu', 'meter', 'site'),
    device('b1', 'asic', 'b-pdu'),
    device('b2', 'gpu'),
    device('b3', 'service'),
    device('b4', 'meter'),
  ],
  c: [device('site', 'meter')],
}
const byName = (agentId: string, deviceId: string) => DEVICES[agentId]?.find((d) => d.deviceId === deviceId)
const KNOWN = {
  device: byName,
  find: (deviceId: string) =>
    Object.values(DEVICES)
      .flat()
      .find((d) => d.deviceId === deviceId),
  all: () => Object.values(DEVICES).flat(),
}

const recordsOf = (agentId: string) =>
  fc
    .uniqueArray(
      fc.record({
        deviceId: fc.constantFrom(...(DEVICES[agentId] ?? []).map((d) => d.deviceId), `${agentId}-unknown`),
        owner: fc.constantFrom(...OWNERS),
        energyMilliJ: fc.option(fc.nat(2e9), { nil: undefined }),
        workDiff1: fc.option(fc.nat(2e9), { nil: undefined }),
        gpuMs: fc.option(fc.nat(60_000), { nil: undefined }),
        tokensIn: fc.option(fc.nat(2e9), { nil: undefined }),
        tokensOut: fc.option(fc.nat(2e9), { nil: undefined }),
      }),
      { selector: (r) => JSON.stringify([r.deviceId, r.owner]), maxLength: 12 },
    )
    .map((records) =>
      records.map(
        (r): AgentInterval =>
          ({
            ...(JSON.parse(JSON.stringify(r)) as typeof r & object),
            agentId,
            startMs: MINUTE,
            durationMs: 60_000,
            coveredMs: 60_000,
          }) as AgentInterval,
      ),
    )

test('no record of one agent changes what another agent’s machines earn, nor their energy but through a meter above them (property)', () => {
  const quote = { unit: '', source: 'test', fromMs: 0 }
  const quotes = new QuoteBook()
  for (const [name, value] of Object.entries({
    btcUsd: 1e5,
    difficulty: 1e14,
    blockHeight: 9e5,
    energyUsdPerKwh: 0.05,
  }))
    quotes.add({ ...quote, name: name as 'btcUsd', value })
  const { present: rules } = new Pricing({
    rules: rulesText({ workloads: WORKLOADS, siteMeter: 'site' }),
    quotes,
    log: SILENT,
  })
  const settle = (records: AgentInterval[]) =>
    settleMinute(MINUTE, records, quotes.at(MINUTE), { ...rules, ...KNOWN }).filter(
      (row) => row.agentId === 'a',
    )
  const figures = (rows: LedgerRow[], name: 'revenueNanoUsd' | 'energyMilliJ', without: string[] = []) =>
    Object.fromEntries(
      rows
        .filter((row) => row[name] !== 0 && !without.includes(row.deviceId))
        .map((row) => [`${row.deviceId} ${row.workload} ${row.owner}`, row[name]])
        .sort(),
    )
  fc.assert(
    fc.property(recordsOf('a'), recordsOf('b'), recordsOf('c'), (a, b, c) => {
      const [alone, together] = [settle([...a, ...c]), settle([...a, ...b, ...c])]
      expect(figures(together, 'revenueNanoUsd')).toEqual(figures(alone, 'revenueNanoUsd'))
      // the site's meter is above a-pdu too, and b-pdu above a4: what they show beyond the machines is another agent's reading
      const behind = ['a4', 'a-pdu']
      expect(figures(together, 'energyMilliJ', behind)).toEqual(figures(alone, 'energyMilliJ', behind))
    }),
    { numRuns: 300 },
  )
})
