import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { monthsOf } from '../../../../collector/economics/calendar.ts'
import type { AgentInterval, LedgerRow } from '../../../../collector/economics/ledger-row.ts'
import { settleMinute } from '../../../../collector/economics/settlement/ledger-rows.ts'
import { type Workload, WorkloadSchema } from '../../../../collector/economics/workloads.ts'
import type { Device } from '../../../../protocol/device.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'
import { siteRules } from '../../rules.ts'

const ACME = { 'tag.customer': 'acme' }
const colocation = (more: object = {}): Workload =>
  WorkloadSchema.parse({
    name: 'colo',
    kind: 'colocation',
    contractedKw: 100,
    usdPerKwMonth: 150,
    match: [ACME],
    ...more,
  })
const MACHINES: Device[] = [
  { deviceId: 'cage', kind: 'meter', driver: 'snmp-pdu', meteredBy: 'site', tags: { customer: 'acme' } },
  { deviceId: 'site', kind: 'meter', driver: 'modbus-meter' },
]
const record = (
  deviceId: string,
  energyMilliJ: number,
  more: Partial<AgentInterval> = {},
): AgentInterval => ({
  agentId: 'a',
  deviceId,
  owner: {},
  startMs: 0,
  durationMs: 60_000,
  coveredMs: 60_000,
  energyMilliJ,
  ...more,
})
/** mJ of a minute at so many kW */
const kwMinute = (kw: number) => kw * 60_000_000
const PRICES = {
  energyUsdPerKwh: { name: 'energyUsdPerKwh', value: 0.06, unit: '', source: 'test', fromMs: 0 },
} as const
const revenue = (rows: readonly LedgerRow[]) => rows.reduce((sum, r) => sum + r.revenueNanoUsd, 0)
const settle = (minuteMs: number, workload: Workload, cage?: number, timeZone = 'UTC') =>
  settleMinute(
    minuteMs,
    cage === undefined ? [] : [record('site', kwMinute(200)), record('cage', kwMinute(cage))],
    PRICES,
    siteRules({ workloads: [workload], siteMeter: 'site', timeZone }, MACHINES),
  )

describe('contracts', () => {
  it('pay a month exactly, minute by minute, also the one that daylight saving makes longer', () => {
    // America/Chicago, November 2026: 30 days and an hour
    const month = monthsOf('America/Chicago')(Date.UTC(2026, 10, 15))
    expect((month.endMs - month.startMs) / MINUTE_MS).toBe(30 * 1440 + 60)
    let sum = 0
    for (let ms = month.startMs; ms < month.endMs; ms += MINUTE_MS)
      sum += revenue(settle(ms, colocation(), undefined, 'America/Chicago'))
    expect(sum).toBe(15_000e9)
  })

  it('pay February of a leap year as any other month', () => {
    const month = monthsOf('UTC')(Date.UTC(2028, 1, 29, 23, 59))
    expect([new Date(month.startMs), new Date(month.endMs)].map((d) => d.toISOString())).toEqual([
      '2028-02-01T00:00:00.000Z',
      '2028-03-01T00:00:00.000Z',
    ])
    let sum = 0
    const fee = WorkloadSchema.parse({ name: 'fee', kind: 'fixed', usdPerMonth: 777.77 })
    for (let ms = month.startMs; ms < month.endMs; ms += MINUTE_MS) sum += revenue(settle(ms, fee))
    expect(sum).toBe(777_770_000_000)
  })

  it('pay reserved GPUs whether they are used or not, the hour exactly', () => {
    const reserved = WorkloadSchema.parse({ name: 'res', kind: 'reserved', gpus: 7, usdPerGpuHour: 1.9 })
    let sum = 0
    for (let k = 0; k < 60; k++) sum += revenue(settle(k * MINUTE_MS, reserved))
    expect(sum).toBe(13.3e9)
    const [row] = settle(0, reserved)
    expect(row).toMatchObject({ workload: 'res', deviceId: '', intervals: 0, energyMilliJ: 0 })
  })

  it('charge a customer for his meter’s energy, and pass its cost on where the contract says so', () => {
    const rows = settle(0, colocation({ energyPassedOn: 'used' }), 90)
    const colo = rows.find((r) => r.workload === 'colo')
    expect(colo).toMatchObject({ deviceId: 'cage', energyMilliJ: kwMinute(90), costNanoUsd: 90_000_000 })
    const without = settle(0, colocation(), 90).find((r) => r.workload === 'colo')
    expect((colo?.revenueNanoUsd ?? 0) - (without?.revenueNanoUsd ?? 0)).toBe(90_000_000)
    expect(rows.find((r) => r.workload === 'overhead')).toMatchObject({ energyMilliJ: kwMinute(110) })
  })

  it('charge what is drawn above the contract, only that', () => {
    const over = (kw: number) => revenue(settle(0, colocation({ usdPerKwhOver: 1.2 }), kw))
    expect(over(100) - revenue(settle(0, colocation(), 100))).toBe(0)
    // 30 kW for a minute is half a kWh
    expect(over(130) - revenue(settle(0, colocation(), 130))).toBe(600_000_000)
  })

  it('give credit for a minute of measured outage, none for one that nobody measured', () => {
    const sla = colocation({ slaCreditRatio: 10 })
    const minute = revenue(settle(0, colocation(), 90))
    expect(revenue(settle(0, sla, 90))).toBe(minute)
    expect(revenue(settle(0, sla, 0))).toBe(minute - 10 * minute)
    expect(revenue(settle(0, sla))).toBe(minute)
  })

  it('give no credit because an agent was down: most of the customer’s machines must have been observed', () => {
    const machines = Array.from(
      { length: 10 },
      (_, i): Device => ({ deviceId: `m${i}`, kind: 'gpu', driver: 'd', tags: { customer: 'acme' } }),
    )
    const paid = (workload: Workload, seen: number) =>
      revenue(
        settleMinute(
          0,
          machines.slice(0, seen).map(({ deviceId }) => record(deviceId, 1)),
          PRICES,
          siteRules({ workloads: [workload] }, machines),
        ),
      )
    const [plain, sla] = [colocation(), colocation({ slaCreditRatio: 10 })]
    const minute = paid(plain, 10)
    expect(paid(sla, 10)).toBe(-9 * minute)
    // a machine that died long ago does not hide an outage
    expect(paid(sla, 9)).toBe(-9 * minute)
    expect(paid(sla, 8)).toBe(minute)
    expect(paid(sla, 1)).toBe(minute)
  })

  it('hold from their begin to before their end', () => {
    const dated = colocation({ from: '1970-01-01T00:01:00Z', until: '1970-01-01T00:02:00Z' })
    expect([0, 1, 2].map((k) => revenue(settle(k * MINUTE_MS, dated)) > 0)).toEqual([false, true, false])
  })

  it('share what they pay over their machines by energy, without losing a nano-dollar (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 10 ** 9 }), { minLength: 1, maxLength: 9 }), (energies) => {
        const devices = energies.map(
          (_, i): Device => ({ deviceId: `m${i}`, kind: 'gpu', driver: 'd', tags: { customer: 'acme' } }),
        )
        const rules = siteRules({ workloads: [colocation({ slaCreditRatio: 3 })] }, devices)
        const rows = settleMinute(
          0,
          energies.map((mj, i) => record(`m${i}`, mj)),
          PRICES,
          rules,
        )
        expect([revenue(settle(0, colocation())), -2 * revenue(settle(0, colocation()))]).toContain(
          revenue(rows),
        )
      }),
    )
  })
})

describe('costs', () => {
  const mining = WorkloadSchema.parse({ name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] })
  const RIG: Device = { deviceId: 'rig', kind: 'asic', driver: 'd', model: 'Antminer S21' }

  it('are the energy price and the surcharges for each kWh', () => {
    const rules = siteRules({ workloads: [mining], costs: { transmissionUsdPerKwh: 0.014 } }, [RIG])
    const [row] = settleMinute(0, [record('rig', kwMinute(60))], PRICES, rules)
    expect(row?.costNanoUsd).toBe(74_000_000)
  })

  it('share the demand charge by energy, and pay the month’s exactly', () => {
    const costs = { demand: { usdPerKwMonth: 9.5, billedKw: 1_234 } }
    const rules = siteRules({ workloads: [mining], costs }, [RIG])
    const month = monthsOf('UTC')(0)
    let sum = 0
    for (let ms = month.startMs; ms < month.endMs; ms += MINUTE_MS)
      for (const r of settleMinute(
        ms,
        [record('rig', 60, { owner: { poolUrl: 'p' } }), record('other', 40)],
        PRICES,
        rules,
      ))
        sum += r.demandNanoUsd
    expect(sum).toBe(Math.round(9.5 * 1_234 * 1e9))
    const one = settleMinute(
      0,
      [record('rig', 60, { owner: { poolUrl: 'p' } }), record('other', 40)],
      PRICES,
      rules,
    )
    const [a = 0, b = 0] = ['mining', 'idle'].map((w) => one.find((r) => r.workload === w)?.demandNanoUsd)
    expect(a / (a + b)).toBeCloseTo(0.6, 6)
  })

  it('write a machine off once a minute, however many owners share it', () => {
    const costs = { depreciation: [{ match: { model: '*S21*' }, usdPerDevice: 4383, months: 10 }] }
    const rules = siteRules({ workloads: [mining], costs }, [RIG])
    const rows = settleMinute(
      0,
      [record('rig', 60, { owner: { poolUrl: 'p' } }), record('rig', 40), record('unknown', 9)],
      PRICES,
      rules,
    )
    // 4383 USD / (10 x 43,830 min) = 1 cent a minute
    expect(rows.reduce((sum, r) => sum + r.depreciationNanoUsd, 0)).toBe(10_000_000)
    expect(rows.find((r) => r.workload === 'mining')?.depreciationNanoUsd).toBe(6_000_000)
  })
})

describe('mining workloads', () => {
  const POOL = { poolUrl: 'p' }
  const QUOTES = {
    btcUsd: { name: 'btcUsd', value: 1e5, unit: '', source: 't', fromMs: 0 },
    difficulty: { name: 'difficulty', value: 1e14, unit: '', source: 't', fromMs: 0 },
    blockHeight: { name: 'blockHeight', value: 9e5, unit: '', source: 't', fromMs: 0 },
  } as const
  const settled = (more: object, device: Partial<Device>, i: Partial<AgentInterval>) =>
    settleMinute(
      0,
      [record('rig', 1, { owner: POOL, ...i })],
      QUOTES,
      siteRules(
        { workloads: [WorkloadSchema.parse({ name: 'm', kind: 'mining', match: [POOL], ...more })] },
        [{ deviceId: 'rig', kind: 'asic', driver: 'd', ...device }],
      ),
    )[0]

  it('show what the pool keeps beside what is paid', () => {
    expect(settled({ poolFeeRatio: 0.02 }, {}, { workDiff1: 1_000_000 })).toMatchObject({
      revenueNanoUsd: 3_062_500,
      feeNanoUsd: 62_500,
    })
  })

  it('show what a dev fee took', () => {
    const devfee = { owner: { ...POOL, poolRole: 'devfee' }, workDiff1: 1_000_000 }
    expect(settled({}, {}, devfee)).toMatchObject({ revenueNanoUsd: 0, feeNanoUsd: 3_125_000 })
  })

  it('pay a hashprice that a contract fixes, whatever the network', () => {
    // 1 PH/s for a day at 50 USD/PH/day, in difficulty-1 shares
    const workDiff1 = Math.round((1e15 * 86_400) / 2 ** 32)
    const row = settled({ usdPerPhDay: 50 }, {}, { workDiff1 })
    expect((row?.revenueNanoUsd ?? 0) / 1e9).toBeCloseTo(50, 6)
    // it is paid in USD: no satoshis were mined for it
    expect(row?.minedMilliSat).toBe(0)
    expect(settled({}, {}, { workDiff1 })?.minedMilliSat).toBeGreaterThan(0)
  })

  it('pay another algorithm only by a price for its machine', () => {
    const scrypt = { algorithm: 'scrypt' }
    expect(settled({}, scrypt, { workDiff1: 1_000_000 })).toMatchObject({ revenueNanoUsd: 0 })
    expect(settled({ usdPerDeviceDay: 14.4 }, scrypt, {})).toMatchObject({ revenueNanoUsd: 10_000_000 })
    const unknown = { algorithm: 'unknown' }
    expect(settled({}, unknown, { workDiff1: 1_000_000 })).toMatchObject({ revenueNanoUsd: 0 })
  })
})

describe('tokens', () => {
  it('price what came from a cache apart', () => {
    const chat = (more: object) =>
      siteRules({
        workloads: [
          WorkloadSchema.parse({
            name: 'chat',
            kind: 'tokens',
            usdPerMillionTokensIn: 1,
            usdPerMillionTokensOut: 4,
            match: [{ service: '*' }],
            ...more,
          }),
        ],
      })
    const served = record('llm', 0, {
      owner: { service: 'chat' },
      tokensIn: 1_000_000,
      tokensInCached: 600_000,
      tokensOut: 500_000,
    })
    expect(revenue(settleMinute(0, [served], {}, chat({})))).toBe(3e9)
    expect(revenue(settleMinute(0, [served], {}, chat({ usdPerMillionTokensInCached: 0.1 })))).toBe(2.46e9)
  })
})
