import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sharesOf } from '../../../agent/tenancy/gpu-shares.ts'
import { ownerKey } from '../../../protocol/owner.ts'

const a = { slurmJob: '1' }
const b = { slurmJob: '2' }

describe('the energy of a GPU in MIG instances', () => {
  // an H100 in 3g, 2g and twice 1g: 48, 32 and 16 of 112 SMs
  const instances = [
    { instance: 1, smCount: 48 },
    { instance: 2, smCount: 32 },
    { instance: 3, smCount: 16 },
    { instance: 4, smCount: 16 },
  ]
  const claims = [
    { owner: a, instance: 1 },
    { owner: b, instance: 2 },
  ]
  const energy = (...question: Parameters<typeof sharesOf>) =>
    Object.fromEntries(sharesOf(...question).map((h) => [ownerKey(h.owner), h.energyShare ?? h.share]))
  const power = { powerW: 295, idleW: 78.3 }
  const active = (...ratios: number[]) => instances.map((i, k) => ({ ...i, activityRatio: ratios[k] ?? 0 }))

  test('is idle power by slices and the rest by activity: who works alone causes 250 of 295 W', () => {
    const holders = energy({ instances: active(0.9, 0, 0, 0), ...power }, claims, [])
    // 78.3 x 48/112 + (295 - 78.3)
    expect((holders['slurmJob=1'] ?? 0) * 295).toBeCloseTo(250.257, 3)
    expect((holders['slurmJob=2'] ?? 0) * 295).toBeCloseTo(78.3 * (32 / 112), 9)
  })

  test('leaves the part of the GPU that each holds as it is', () => {
    const [first] = sharesOf({ instances: active(0.9, 0, 0, 0), ...power }, claims, [])
    expect(first).toMatchObject({ owner: a, share: 48 / 112, estimated: true })
  })

  test('weighs activity by the size of the instance', () => {
    const holders = energy({ instances: active(0.25, 0.75, 0, 0), ...power }, claims, [])
    const idle = 78.3 / 295
    expect(holders['slurmJob=1']).toBeCloseTo(idle * (48 / 112) + ((1 - idle) * 12) / 36, 12)
    expect(holders['slurmJob=2']).toBeCloseTo(idle * (32 / 112) + ((1 - idle) * 24) / 36, 12)
  })

  test('goes by the processes where the driver tells no activity: an instance without one causes nothing', () => {
    const holders = energy({ instances, ...power }, [{ owner: a, instance: 1 }], [{ owner: b, instance: 2 }])
    expect((holders['slurmJob=1'] ?? 0) * 295).toBeCloseTo(250.257, 3)
  })

  describe('where one instance tells no activity', () => {
    const but = (index: number, ...ratios: number[]) =>
      active(...ratios).map((one, i) => {
        const { activityRatio: _, ...untold } = one
        return i === index ? untold : one
      })
    const all = instances.map(({ instance }) => ({ owner: { user: `u${instance}` }, instance }))
    const byUser = (gpu: Parameters<typeof sharesOf>[0]) => {
      const parts = energy(gpu, [], all)
      return instances.map(({ instance }) => (parts[`user=u${instance}`] ?? 0) * 295)
    }
    const idleW = (sms: number) => 78.3 * (sms / 112)

    test('the others still count by theirs, and it counts as working', () => {
      const [works = 0, rests, untold = 0, idle] = byUser({ instances: but(2, 0.9, 0, 0, 0), ...power })
      expect(works).toBeCloseTo(idleW(48) + (295 - 78.3) * (43.2 / 59.2), 9)
      expect(untold).toBeCloseTo(idleW(16) + (295 - 78.3) * (16 / 59.2), 9)
      expect([rests, idle]).toEqual([expect.closeTo(idleW(32), 9), expect.closeTo(idleW(16), 9)])
    })

    test('it has what the board’s activity leaves', () => {
      const board = { utilizationRatio: (0.9 * 48 + 0.5 * 16) / 112, ...power }
      const [works, , untold] = byUser({ instances: but(2, 0.9, 0, 0, 0), ...board })
      expect(works).toBeCloseTo(idleW(48) + (295 - 78.3) * (43.2 / 51.2), 9)
      expect(untold).toBeCloseTo(idleW(16) + (295 - 78.3) * (8 / 51.2), 9)
      const [only] = byUser({ instances: but(2, 0.9, 0, 0, 0), ...power, utilizationRatio: (0.9 * 48) / 112 })
      expect(only).toBeCloseTo(250.257, 3)
    })

    test('it has all of it where the others are idle, and every part is marked', () => {
      const gpu = { instances: but(2, 0, 0, 0, 0), ...power }
      expect(byUser(gpu)[2]).toBeCloseTo(idleW(16) + (295 - 78.3), 9)
      expect(sharesOf(gpu, [], all).map((holder) => holder.estimated)).toEqual(Array(4).fill(true))
    })

    test('a process says more than its size: without one it causes nothing', () => {
      const holders = energy({ instances: but(2, 0.9, 0, 0, 0), ...power }, claims, [])
      expect((holders['slurmJob=1'] ?? 0) * 295).toBeCloseTo(250.257, 3)
    })

    test('where none tells any and nobody lists processes, all goes by slices', () => {
      const shares = byUser({ instances, ...power, utilizationRatio: 0 })
      expect(shares[0]).toBeCloseTo(295 * (48 / 112), 9)
    })
  })

  test.each([
    ['nobody works', { instances: active(0, 0, 0, 0), ...power }],
    ['its idle power is not known', { instances: active(1, 0, 0, 0), powerW: 295 }],
    ['its power is not known', { instances: active(1, 0, 0, 0), idleW: 70 }],
    ['it draws less than when idle', { instances: active(1, 0, 0, 0), powerW: 60, idleW: 70 }],
  ])('goes by slices where %s', (_, gpu) => {
    expect(energy(gpu, claims, [])['slurmJob=1']).toBeCloseTo(48 / 112, 12)
  })

  test('sums to the board, with what goes to nobody', () =>
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }), {
          minLength: 4,
          maxLength: 4,
        }),
        fc.double({ min: 1, max: 700, noNaN: true }),
        fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
        (ratios, powerW, board) => {
          const all = instances.map(({ instance }) => ({ owner: { user: `u${instance}` }, instance }))
          const told = instances.map((one, i) => {
            const activityRatio = ratios[i]
            return activityRatio === undefined ? one : { ...one, activityRatio }
          })
          const gpu = {
            instances: told,
            powerW,
            idleW: 78.3,
            ...(board !== undefined && { utilizationRatio: board }),
          }
          const parts = energy(gpu, all, [])
          expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 9)
        },
      ),
      { examples: [[[0, 0, 0, 2e-323], 78.3000001827, undefined]] },
    ))
})
