import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Doubts } from '../../../collector/doubts/doubts.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { MACHINE_KINDS, simulate } from '../../doubts/simulate.ts'
import { DEVICES, record, S21_WORK, T0 } from './doubt-rig.ts'

test('whatever comes, no device is paid for more than it can do and the bound beyond it (property)', () => {
  const some = fc.record({
    gapMinutes: fc.integer({ min: 1, max: 30 }),
    work: fc.oneof(fc.nat(5 * S21_WORK), fc.nat(2 ** 31 - 1), fc.constant(2 ** 40)),
    energyMilliJ: fc.oneof(fc.nat(1e9), fc.nat(2 ** 31 - 1)),
    gpuMs: fc.oneof(fc.nat(60_000), fc.nat(2 ** 31 - 1)),
    tokens: fc.oneof(fc.nat(2e7), fc.nat(2 ** 31 - 1)),
    recovered: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(some, { minLength: 1, maxLength: 300 }), (all) => {
      const judged = new Doubts({
        device: (_, id) => DEVICES[id],
        gpusOf: () => 0,
        powerLimitW: () => undefined,
        nowMs: () => T0,
      })
      const paid = { work: 0, energyMilliJ: 0, gpuMs: 0, tokens: 0 }
      let minute = 0
      for (const { gapMinutes, work, energyMilliJ, gpuMs, tokens, recovered } of all) {
        const gap = minute === 0 ? 1 : gapMinutes
        minute += gap
        const also = recovered && minute > gap ? { recovered } : {}
        const count = (one: Interval, name: keyof typeof paid, amount: number) => {
          if (!judged.judge('a', one)) paid[name] += amount
        }
        count(record(minute, 's21', { workDiff1: work, hashrateWorkDiff1: S21_WORK, ...also }), 'work', work)
        count(record(minute, 'by-model', { energyMilliJ, ...also }), 'energyMilliJ', energyMilliJ)
        count(record(minute, 'node/gpu0', { gpuMs }), 'gpuMs', gpuMs)
        count(record(minute, 'llm', { tokensOut: tokens, ...also }), 'tokens', tokens)
      }
      // 16.5 shares of an hour each, at twice the expected hashrate for the time that passed
      expect(paid.work).toBeLessThanOrEqual((2 * minute + 16.5 * 60) * S21_WORK * 1.0001)
      expect(paid.energyMilliJ).toBeLessThanOrEqual(3 * 3500 * (minute + 5) * MINUTE_MS + 3.6e8)
      expect(paid.gpuMs).toBeLessThanOrEqual((minute + 3) * MINUTE_MS)
      // the average of a server may have grown, to which 20 times are allowed
      expect(paid.tokens).toBeLessThanOrEqual(20 * 50_000 * 60 * (minute + 2))
    }),
    { numRuns: 100 },
  )
})

test('a record is judged by its device’s own records alone, whatever others send (property)', () => {
  const wild = fc.record({
    agentId: fc.constantFrom('b', 'c'),
    deviceId: fc.constantFrom('s21', 'meter', 'llm', 'x'),
    minute: fc.nat(60),
    workDiff1: fc.nat(2 ** 31 - 1),
    energyMilliJ: fc.nat(2 ** 31 - 1),
  })
  const own = fc.array(fc.integer({ min: 0, max: 2e9 }), { minLength: 5, maxLength: 40 })
  fc.assert(
    fc.property(own, fc.array(wild, { maxLength: 40 }), (works, others) => {
      const verdicts = (between: boolean) => {
        const mine = new Doubts({
          device: (_, id) => DEVICES[id],
          gpusOf: () => 0,
          powerLimitW: () => undefined,
          nowMs: () => T0,
        })
        return works.map((workDiff1, m) => {
          const other = others[m]
          if (between && other) {
            const { agentId, deviceId, minute, ...quantities } = other
            mine.judge(agentId, record(minute, deviceId, quantities))
          }
          return mine.judge('a', record(m, 's21', { workDiff1 }))
        })
      }
      expect(verdicts(true)).toEqual(verdicts(false))
    }),
    { numRuns: 50 },
  )
})

test.each(MACHINE_KINDS)('a hundred days of simulated honest %s raise no doubt', (kind) => {
  expect(simulate(kind, 10, 10, 7)).toMatchObject({ doubtfulDays: 0, examples: [] })
})
