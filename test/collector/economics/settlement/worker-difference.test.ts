import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type MachineWork,
  workerDifferences,
} from '../../../../collector/economics/settlement/worker-difference.ts'
import { workDiff1OfHashrate } from '../../../../protocol/units.ts'

const DAY_MS = 86_400_000
const OVER = { fromMs: 0, toMs: DAY_MS }
/** 100 TH/s over a day in shares of a difficulty: what is counted scatters as a Poisson process does. */
const S21 = workDiff1OfHashrate(100e12, 86_400)
const machine = (user: string, deviceId: string, more: Partial<MachineWork> = {}): MachineWork => ({
  owner: `poolUrl=stratum+tcp://pool.example:3333;poolUser=${user}`,
  deviceId,
  workDiff1: S21,
  estimatedWorkDiff1: 0,
  coveredMs: DAY_MS,
  workScatterDiff1: Math.sqrt(S21 * 65_536),
  ...more,
})
const compare = (
  machines: MachineWork[],
  credits: Parameters<typeof workerDifferences>[2],
  usdPerDiff1: number | undefined = 1e-9,
) => workerDifferences(OVER, machines, credits, usdPerDiff1)

describe('what a pool credits each worker', () => {
  test('names who is short, with the machine behind the name, in work and in money, worst first', () => {
    const found = compare(
      [machine('acme.a', 'rack1-01'), machine('acme.b', 'rack1-02'), machine('acme.c', 'rack1-03')],
      [
        { worker: 'a', workDiff1: S21 * 0.9 },
        { worker: 'b', workDiff1: S21 },
        { worker: 'acme.c', workDiff1: S21 * 0.5 },
      ],
    )
    expect(found).toMatchObject({ compared: 3, short: { workers: 2 }, otherWorkDiff1: 0 })
    expect(found.short.workDiff1).toBeCloseTo(S21 * 0.6, 0)
    expect(found.short.usd).toBeCloseTo(S21 * 0.6 * 1e-9, 9)
    expect(found.worst).toEqual([
      expect.objectContaining({
        worker: 'acme.c',
        devices: ['rack1-03'],
        ledgerWorkDiff1: S21,
        poolWorkDiff1: S21 * 0.5,
        poolBasis: 'shares',
        shortWorkDiff1: S21 * 0.5,
        shortUsd: expect.closeTo(S21 * 0.5e-9, 9),
      }),
      expect.objectContaining({ worker: 'acme.a', devices: ['rack1-01'] }),
    ])
    expect(found.worst[0]).not.toHaveProperty('estimatedWorkDiff1')
  })

  test('a pool that answers for a time which ended ten minutes ago withholds nothing', () => {
    const late = 1 - 10 / 1440
    expect(compare([machine('acme.a', 'r1')], [{ worker: 'a', workDiff1: S21 * late }]).short.workers).toBe(0)
    // a machine that has run for an hour only: ten minutes are a sixth of its work
    const hour = machine('acme.a', 'r1', { workDiff1: S21 / 24, coveredMs: DAY_MS / 24, workScatterDiff1: 0 })
    const credit = [{ worker: 'a', workDiff1: (S21 / 24) * (5 / 6) }]
    expect(compare([hour], credit).short.workers).toBe(0)
  })

  test('chance by the size of a share is no loss: an average hashrate may be far below where shares are few', () => {
    const bitaxe = workDiff1OfHashrate(1e12, 86_400)
    const at = (shareDiff1: number, part: number) =>
      compare(
        [
          machine('acme.a', 'bitaxe', {
            workDiff1: bitaxe,
            workScatterDiff1: Math.sqrt(bitaxe * shareDiff1),
          }),
        ],
        [{ worker: 'a', hashrateHs: 1e12 * part }],
      ).short.workers
    // 307 shares of 65,536 a day: their deviation is 5.7 %
    expect(at(65_536, 0.85)).toBe(0)
    expect(at(65_536, 0.7)).toBe(1)
    expect(at(512, 0.95)).toBe(1)
  })

  test('several machines under one name are one worker; a dev fee is nobody’s', () => {
    const devfee = machine('acme.a', 'r1', { owner: 'poolRole=devfee;poolUser=acme.a', workDiff1: 1e12 })
    const found = compare(
      [machine('acme.a', 'r1'), machine('acme.a', 'r2'), devfee],
      [{ worker: 'a', workDiff1: S21 }],
    )
    expect(found.worst).toMatchObject([{ devices: ['r1', 'r2'], ledgerWorkDiff1: 2 * S21 }])
  })

  test('a worker that the list lacks is credited nothing, and as much work under other names is told beside it', () => {
    const both = [machine('acme.a', 'r1'), machine('acme.b', 'r2')]
    const listed = { worker: 'a', workDiff1: S21 }
    const missing = compare(both, [listed])
    expect(missing.worst).toMatchObject([{ worker: 'acme.b', poolWorkDiff1: 0, shortWorkDiff1: S21 }])
    expect(missing.worst[0]).not.toHaveProperty('poolBasis')
    const elsewhere = { worker: 'elsewhere', workDiff1: S21 * 1.02 }
    expect(compare(both, [listed, elsewhere])).toMatchObject({
      short: { workers: 1, usd: expect.closeTo(S21 * 1e-9, 9) },
      worst: [{ worker: 'acme.b', poolWorkDiff1: 0 }],
      otherWorkDiff1: S21 * 1.02,
      others: [elsewhere],
    })
  })

  test('a pool that writes names in small letters lists the worker', () => {
    const found = compare([machine('acme.Case-1', 'r1')], [{ worker: 'case-1', workDiff1: S21 / 2 }])
    expect(found).toMatchObject({
      worst: [{ worker: 'acme.Case-1', poolBasis: 'shares', shortWorkDiff1: S21 / 2 }],
      otherWorkDiff1: 0,
    })
  })

  test('a name with a dot is compared with its own credit where the pool lists workers alone', () => {
    const found = compare(
      [machine('acme.rack1.07', 'r1'), machine('acme.07', 'r2')],
      [{ worker: 'rack1.07', workDiff1: S21 / 2 }],
    )
    expect(found.worst).toMatchObject([
      { worker: 'acme.07', poolWorkDiff1: 0 },
      { worker: 'acme.rack1.07', poolWorkDiff1: S21 / 2, poolBasis: 'shares' },
    ])
  })

  test('names that the list does not tell apart are compared by their sums, so that no loss hides', () => {
    const machines = [machine('acme.a', 'r1'), machine('ajax.a', 'r2')]
    const told = (part: number) => compare(machines, [{ worker: 'a', workDiff1: 2 * S21 * part }])
    expect(told(1)).toMatchObject({
      compared: 2,
      short: { workers: 0 },
      unclear: [{ workers: ['acme.a', 'ajax.a'], because: expect.stringMatching(/lists a, which may be/) }],
    })
    expect(told(0.5).worst).toMatchObject([
      { worker: 'acme.a, ajax.a', devices: ['r1', 'r2'], shortWorkDiff1: S21 },
    ])
  })

  test('a worker without a figure is not compared, and told', () => {
    const machines = [machine('acme.b', 'r2'), machine('acme.c', 'r3')]
    expect(compare(machines, [{ worker: 'b', workDiff1: S21 }, { worker: 'c' }])).toMatchObject({
      compared: 1,
      short: { workers: 0 },
      unclear: [{ workers: ['acme.c'], because: 'the pool lists it without a figure' }],
    })
  })

  test('where no name is known to the list nothing is compared, and it says so', () => {
    const found = compare([machine('acme.a', 'r1')], [{ worker: 'someone', workDiff1: S21 }])
    expect(found).toMatchObject({
      compared: 0,
      worst: [],
      noneListed: true,
      others: [{ worker: 'someone', workDiff1: S21 }],
      because: expect.stringMatching(/no worker by a name/),
    })
  })

  test('estimated work may hold rejected shares: a few per cent are no loss', () => {
    const estimated = machine('acme.a', 'r1', { workDiff1: 0, estimatedWorkDiff1: S21, workScatterDiff1: 0 })
    const short = (part: number) => compare([estimated], [{ worker: 'a', workDiff1: S21 * part }])
    expect(short(0.965).short.workers).toBe(0)
    expect(short(0.9).worst).toMatchObject([{ estimatedWorkDiff1: S21 }])
  })

  test('without a price no money is named', () => {
    const found = workerDifferences(OVER, [machine('a.a', 'r')], [{ worker: 'a', workDiff1: 1 }], undefined)
    expect(found.short).not.toHaveProperty('usd')
    expect(found.worst[0]).not.toHaveProperty('shortUsd')
  })

  test('names twenty at most, and the sum holds the rest', () => {
    const machines = Array.from({ length: 30 }, (_, i) => machine(`acme.${i}`, `r${i}`))
    const found = compare(
      machines,
      machines.map((_, i) => ({ worker: `${i}`, workDiff1: 0 })),
    )
    expect(found.worst).toHaveLength(20)
    expect(found.short.workers).toBe(30)
  })

  test('a pool that credits every share that it accepted is short of nobody, whatever is mined', () => {
    const work = fc.record({
      workDiff1: fc.integer({ min: 0, max: 1e12 }),
      estimatedWorkDiff1: fc.integer({ min: 0, max: 1e12 }),
      coveredMs: fc.integer({ min: 0, max: DAY_MS }),
      workScatterDiff1: fc.integer({ min: 0, max: 1e9 }),
    })
    fc.assert(
      fc.property(fc.array(work, { minLength: 1, maxLength: 20 }), (all) => {
        const machines = all.map((w, i) => machine(`acme.${i % 7}`, `r${i}`, w))
        const byUser = new Map<string, number>()
        machines.forEach((m, i) => {
          const user = `acme.${i % 7}`
          byUser.set(user, (byUser.get(user) ?? 0) + m.workDiff1 + m.estimatedWorkDiff1)
        })
        const credits = [...byUser].map(([worker, workDiff1]) => ({ worker, workDiff1 }))
        expect(compare(machines, credits).short.workers).toBe(0)
      }),
    )
  })
})
