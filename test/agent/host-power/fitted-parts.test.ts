import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FittedParts } from '../../../agent/host-power/fitted-parts.ts'

/*
 * Supplies that rest honestly: Dell, iDRAC User's Guide, hot spare ("the redundant PSU is put to sleep", its input reads about 0 W); HPE iLO 5
 * User Guide, High Efficiency Mode (half of the supplies in standby). The others then draw the whole load.
 */
const reader = () => {
  const fitted = new FittedParts('supplies')
  let nowMs = 0
  return {
    fitted,
    read: (watts: readonly (number | undefined)[], afterS = 10, resting: string[] = []) => {
      nowMs += 1000 * afterS
      const powerW = watts.reduce<number>((sum, w = 0) => sum + w, 0)
      const parts = { watts: new Map(watts.map((w, i) => [`${i}`, w])), resting: new Set(resting) }
      return fitted.take({ powerW }, parts, nowMs).powerW
    },
  }
}

describe('a supply that stops carrying a load', () => {
  test('rests where the others take it over at once, or at the next reading', () => {
    const { read } = reader()
    expect(read([400, 410])).toBe(810)
    expect(read([800, 0])).toBe(800)
    expect(read([405, 405])).toBe(810)
    expect(read([405, 3])).toBeUndefined()
    expect(read([795, 3])).toBe(798)
    expect(read([1200, 3])).toBe(1203)
  })

  test('rests from the start where it shows nothing or a few watts from the start', () => {
    const { read } = reader()
    expect([read([800, 0]), read([400, 3]), read([900, 0])]).toEqual([800, 403, 900])
  })

  test('that has rested before may rest where the load falls at the same time, but not where the other draws the same', () => {
    const { read } = reader()
    for (const watts of [
      [400, 400],
      [800, 0],
      [450, 450],
    ])
      expect(read(watts)).toBeDefined()
    expect(read([300, 0])).toBe(300)
    expect(read([450, 450])).toBe(900)
    expect([read([452, 0]), read([453, 0], 600)]).toEqual([undefined, undefined])
  })

  test('is missing, also when the load rises later', () => {
    const { read } = reader()
    read([400, 400])
    expect([read([400, 0]), read([410, 0], 120), read([800, 0], 600), read([1600, 0], 600)]).toEqual(
      Array(4).fill(undefined),
    )
    expect(read([800, 800])).toBe(1600)
  })

  test('does not count where it says so itself', () => {
    const { read } = reader()
    read([400, 400])
    expect(read([200, 0], 10, ['1'])).toBe(200)
    expect(read([220, 0])).toBe(220)
  })

  test('is nothing while the machine is off', () => {
    const { read } = reader()
    read([400, 400])
    expect([read([8, 0]), read([16, 0])]).toEqual([8, 16])
    expect(read([420, 0])).toBeUndefined()
  })

  test('was taken out where a total of the machine is what the others draw, and not where it is more', () => {
    const { fitted, read } = reader()
    read([400, 400, 400])
    expect(read([300, 300])).toBeUndefined()
    fitted.heardTotal(890)
    expect(read([300, 300])).toBeUndefined()
    fitted.heardTotal(620)
    expect(read([300, 300])).toBe(600)
  })
})

test('of any number of supplies that share a load the loss of one is told whatever their number, and a spare one is not', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 16 }),
      fc.integer({ min: 100, max: 3000 }),
      fc.double({ min: -0.02, max: 0.02, noNaN: true }),
      (count, eachW, noise) => {
        const before = Array<number>(count).fill(eachW)
        const lost = reader()
        lost.read(before)
        expect(lost.read([...before.slice(1).map((w) => w * (1 + noise / 2)), 0])).toBeUndefined()
        const spare = reader()
        spare.read(before)
        const othersW = ((eachW * count) / (count - 1)) * (1 + noise / 4)
        expect(spare.read([...Array<number>(count - 1).fill(othersW), 0])).toBeDefined()
      },
    ),
  )
})
