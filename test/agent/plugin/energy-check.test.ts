import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import { EnergyCheck } from '../../../agent/plugin/energy-check.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { sum, T0 } from '../metering/accumulator-rig.ts'

const at = (energyJ: number, powerW = 100): Reading => ({
  part: 'gpu0',
  identity: { kind: 'gpu' },
  sample: { state: 'busy', powerW, powerBasis: 'reported' },
  counters: { energyJ },
})

test('a counter that grows as the watts do is used', () => {
  const check = new EnergyCheck()
  for (let s = 0; s <= 60; s++) expect(check.checked(at(5000 + 101 * s), s * 1000).counters).toBeDefined()
})

test.each([
  ['counts since it was last asked', (s: number) => 1000 + s],
  ['falls', (s: number) => 5000 - s],
])('a counter that %s is left out', (_, energyAt) => {
  const check = new EnergyCheck()
  const used = [0, 10, 20, 30].map((s) => check.checked(at(energyAt(s)), s * 1000).counters !== undefined)
  expect(used).toEqual([true, false, false, false])
})

test('a counter that stands still is left out after a minute: before, its exporter may only repeat its last figures', () => {
  const check = new EnergyCheck()
  const used = [0, 20, 40, 60, 80].map((s) => check.checked(at(7), s * 1000).counters !== undefined)
  expect(used).toEqual([true, true, true, true, false])
})

test('a page that repeats its last figures for half a minute books nothing of its own', () => {
  const check = new EnergyCheck()
  const meter = new DeviceAccumulator('gpu0', 15_000)
  for (let s = 0; s <= 300; s++) {
    // from 100 s to 130 s the page stands still; the world behind it does too
    const seen = s <= 100 ? s : Math.max(100, s - 30)
    meter.observe(check.checked(at(1e6 + 300 * seen, 300), s * 1000), {
      wallMs: T0 + s * 1000,
      steadyMs: s * 1000,
    })
  }
  const milliJ = meter.closeAll().map((r) => r.energyMilliJ ?? 0)
  expect(milliJ.reduce((a, b) => a + b, 0)).toBe(300 * 270 * 1000)
})

test('a module’s counter beside a GPU’s watts is never booked, and a fault tells both figures', () => {
  // GH200: nvmlDeviceGetTotalEnergyConsumption counts the module with its CPU: 550 W, while the GPU draws 300 W
  const check = new EnergyCheck()
  const meter = new DeviceAccumulator('gpu0', 15_000)
  const faults = new Set<string>()
  for (let s = 0; s <= 900; s += 10) {
    const reading = check.checked(at(1e6 + 550 * s, 300), s * 1000)
    for (const fault of reading.sample.faults ?? []) faults.add(fault)
    meter.observe(reading, { wallMs: T0 + s * 1000, steadyMs: s * 1000 })
  }
  expect(sum(meter.closeAll(), 'energyMilliJ')).toBe(300 * 900 * 1000)
  expect([...faults]).toEqual([expect.stringMatching(/grows by 550 W while it reports 300 W/)])
})

test('a load that changes between the readings loses no counter for good, and no energy', () => {
  // a GPU that alternates between 100 and 600 W, 7 s each; every reading shows the last second's power
  const check = new EnergyCheck()
  const meter = new DeviceAccumulator('gpu0', 30_000)
  const wattsAt = (s: number) => (Math.floor(s / 7) % 2 ? 600 : 100)
  let energyJ = 1e6
  let last: Reading | undefined
  for (let s = 0; s <= 1200; s++) {
    if (s % 10 === 0) {
      last = check.checked(at(energyJ, wattsAt(Math.max(0, s - 1))), s * 1000)
      meter.observe(last, { wallMs: T0 + s * 1000, steadyMs: s * 1000 })
      expect(last.sample.faults).toBeUndefined()
    }
    energyJ += wattsAt(s)
  }
  expect(last?.counters).toBeDefined()
  expect(sum(meter.closeAll(), 'energyMilliJ') / 1000).toBeCloseTo(energyJ - wattsAt(1200) - 1e6, -3)
})

test('a pause of the agent doesn’t refute a counter', () => {
  const check = new EnergyCheck()
  let energyJ = 1000
  let nowS = 0
  const step = (seconds: number, drawnW: number, shownW: number) => {
    nowS += seconds
    energyJ += seconds * drawnW
    return check.checked(at(energyJ, shownW), nowS * 1000)
  }
  for (let i = 0; i < 10; i++) step(10, 100, 100)
  // for ten minutes no poll came, and the GPU worked
  expect(step(600, 650, 100).counters).toBeDefined()
  for (let i = 0; i < 10; i++) expect(step(10, 100, 100).counters).toBeDefined()
})

test('an exporter that samples every 30 s and is read every 10 s keeps its counter', () => {
  const check = new EnergyCheck()
  const used = []
  for (let s = 0; s <= 900; s += 10) {
    const sampledS = Math.floor(s / 30) * 30
    used.push(check.checked(at(5e6 + 400 * sampledS, 400), s * 1000))
  }
  expect(used.flatMap((r) => r.sample.faults ?? [])).toEqual([])
  expect(used.slice(30).filter((r) => r.counters !== undefined).length).toBeGreaterThan(15)
})

test('a BMC’s counter in steps of 0.1 kWh, told only where it moves, agrees with a load that comes and goes', () => {
  const check = new EnergyCheck()
  const wattsAt = (s: number) => (Math.floor(s / 300) % 2 ? 1000 : 100)
  let energyJ = 7.7e9
  let shownJ = 0
  const used = []
  for (let s = 0; s <= 7200; s += 10) {
    const steppedJ = Math.floor(energyJ / 360_000) * 360_000
    const reading = at(steppedJ, wattsAt(s))
    const told =
      steppedJ === shownJ ? { identity: reading.identity, part: 'gpu0', sample: reading.sample } : reading
    shownJ = steppedJ
    used.push(check.checked(told, s * 1000))
    energyJ += 10 * wattsAt(s)
  }
  expect(used.flatMap((r) => r.sample.faults ?? [])).toEqual([])
  expect(used.filter((r) => r.counters !== undefined).length).toBeGreaterThan(5)
})

test('a package’s counter beside the share of each of its parts agrees with the package’s power', () => {
  const check = new EnergyCheck()
  const shared = (s: number, energyPart: number): Reading => ({
    ...at(9e6 + 420 * s, 420 * energyPart),
    counters: { energyJ: 9e6 + 420 * s, energyPart },
  })
  for (let s = 0; s <= 300; s += 10)
    for (const energyPart of [0.125, 0.5]) {
      const { part: _, ...rest } = shared(s, energyPart)
      expect(check.checked({ part: `gpu${energyPart}`, ...rest }, s * 1000).counters).toBeDefined()
    }
})

test('a counter that is refused is forgotten by the ledger, so that none of it is booked after a restart', () => {
  const check = new EnergyCheck()
  const last = Array.from({ length: 80 }, (_, i) => check.checked(at(1e6 + 5500 * i, 300), i * 10_000)).at(-1)
  expect(last?.counters).toEqual({ refused: ['energyJ'] })
})

/** The faults of half an hour under a steady load that is read every 10 s, and the mean power that the ledger books. */
function halfAnHour(powerW: number, counterW: number) {
  const check = new EnergyCheck()
  const meter = new DeviceAccumulator('gpu0', 15_000)
  const faults = new Set<string>()
  for (let s = 0; s <= 1800; s += 10) {
    const reading = check.checked(at(1e6 + counterW * s, powerW), s * 1000)
    for (const fault of reading.sample.faults ?? []) faults.add(fault)
    meter.observe(reading, { wallMs: T0 + s * 1000, steadyMs: s * 1000 })
  }
  return { meanW: sum(meter.closeAll(), 'energyMilliJ') / 1000 / 1800, faults: [...faults] }
}

test.each([
  // a GH200 or GB200 under load: the module with its CPU is less than a third above the GPU
  [500, 650],
  [650, 800],
  [600, 780],
  [1000, 1300],
  [500, 600],
  // a counter of a part of the card
  [500, 390],
])(
  'under a steady load of %i W a counter of %i W is not used for longer than some minutes, and a fault tells both',
  (powerW, counterW) => {
    const { meanW, faults } = halfAnHour(powerW, counterW)
    expect(faults).toEqual([expect.stringContaining(`grows by ${counterW} W while it reports ${powerW} W`)])
    expect(Math.abs(meanW - powerW)).toBeLessThan(Math.abs(counterW - powerW) / 4)
  },
)

test.each([
  [500, 540],
  [500, 465],
])('a counter of %i W beside watts of %i is within what two sensors differ by', (powerW, counterW) => {
  const { meanW, faults } = halfAnHour(powerW, counterW)
  expect(faults).toEqual([])
  expect(meanW).toBeCloseTo(counterW, 6)
})

test('a page that repeats its last figures now and then refuses no counter in many hours', () => {
  const check = new EnergyCheck()
  let shown = at(1e6, 300)
  for (let s = 0; s <= 6 * 3600; s += 5) {
    // the world goes on; the page stands still for 50 s in every 300 s
    if (s % 300 < 250) shown = at(1e6 + 300 * s, 300)
    expect(check.checked(shown, s * 1000).sample.faults).toBeUndefined()
  }
})

test('the counter of an honest GPU with bursts is never refused, however its power is read', () => {
  const bursts = fc.record({
    idleW: fc.integer({ min: 25, max: 240 }),
    busyW: fc.integer({ min: 100, max: 1000 }),
    busyS: fc.double({ min: 0.1, max: 90, noNaN: true }),
    idleS: fc.double({ min: 0.1, max: 300, noNaN: true }),
    everyS: fc.integer({ min: 5, max: 60 }),
    averagedS: fc.constantFrom(0, 1, 5),
    seed: fc.integer(),
  })
  fc.assert(
    fc.property(bursts, ({ seed, everyS, averagedS, ...load }) => {
      const energyAt = burstyEnergy(load, 4 * 3600, seed)
      const check = new EnergyCheck()
      for (let s = 10; s <= 4 * 3600; s += everyS) {
        const windowS = averagedS || 0.001
        const powerW = (energyAt(s) - energyAt(s - windowS)) / windowS
        expect(check.checked(at(energyAt(s), powerW), s * 1000).sample.faults).toBeUndefined()
      }
    }),
    { numRuns: 60 },
  )
})

test('bursts of which thirteen readings in a row saw none refuse no counter', () => {
  const energyAt = burstyEnergy({ idleW: 25, busyW: 830, busyS: 0.294, idleS: 0.272 }, 4 * 3600, 0)
  const check = new EnergyCheck()
  const used = Array.from({ length: 60 }, (_, i) => {
    // once in 14,000 such windows the first readings all fall into pauses
    const powerW = i < 14 || i % 2 ? 25 : 830
    return check.checked(at(energyAt(26 * i), powerW), 26_000 * i)
  })
  expect(used.flatMap(({ sample }) => sample.faults ?? [])).toEqual([])
  expect(used.at(-1)?.counters).toBeDefined()
})

/** The energy of a load whose bursts and pauses are each half as long to half as long again as the given ones. */
function burstyEnergy(
  load: { idleW: number; busyW: number; busyS: number; idleS: number },
  endS: number,
  seed: number,
): (s: number) => number {
  const random = generator(seed)
  const startsS = [0]
  const energiesJ = [1e6]
  const watts: number[] = []
  for (let i = 0; (startsS[i] ?? 0) < endS; i++) {
    const isBusy = i % 2 === 1
    const lastsS = (isBusy ? load.busyS : load.idleS) * (0.5 + random())
    watts.push(isBusy ? load.busyW : load.idleW)
    startsS.push((startsS[i] ?? 0) + lastsS)
    energiesJ.push((energiesJ[i] ?? 0) + lastsS * (watts[i] ?? 0))
  }
  return (s) => {
    let [low, high] = [0, startsS.length - 1]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((startsS[middle] ?? 0) <= s) low = middle
      else high = middle
    }
    return (energiesJ[low] ?? 0) + (s - (startsS[low] ?? 0)) * (watts[low] ?? 0)
  }
}

/** Numbers from 0 to 1 of a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

describe('a counter that an earlier session refused', () => {
  /** GB200: the module's counter, 1300 W, beside the GPU's 1000 W. */
  const polls = (check: EnergyCheck, counterW: number, seconds: number, fromS = 0) => {
    const told: number[] = []
    let fault: string | undefined
    for (let s = fromS; s <= fromS + seconds; s += 5) {
      const { counters, sample } = check.checked(at(1e7 + counterW * s, 1000), s * 1000)
      if (counters?.energyJ !== undefined) told.push(s)
      fault = sample.faults?.[0]
    }
    return { told, fault }
  }
  const refused = () => {
    const check = new EnergyCheck()
    polls(check, 1300, 3600)
    return check
  }
  const next = (check: EnergyCheck) => new EnergyCheck(JSON.parse(JSON.stringify(check.known)))

  test('stays refused in the next one from its first reading on, with the same fault', () => {
    const before = refused()
    expect(before.known).toEqual({ gpu0: expect.stringMatching(/grows by 1300 W while it reports 1000 W/) })
    const { told, fault } = polls(next(before), 1300, 3600)
    expect(told).toEqual([])
    expect(fault).toMatch(/grows by 1300 W while it reports 1000 W/)
  })

  test('is used again once it has agreed for a quarter of an hour, and is then forgotten', () => {
    const check = next(refused())
    const { told, fault } = polls(check, 1000, 3600)
    expect(fault).toBeUndefined()
    expect(told[0]).toBeGreaterThanOrEqual(900)
    expect(told[0]).toBeLessThan(1000)
    expect(check.known).toBeUndefined()
  })

  test('books nothing of its own by restarts, however many', () => {
    let check = new EnergyCheck()
    const meter = new DeviceAccumulator('gpu0', 15_000)
    for (let s = 0; s <= 8 * 3600; s += 5) {
      if (s > 0 && s % 3600 === 0) check = next(check)
      meter.observe(check.checked(at(1e7 + 1300 * s, 1000), s * 1000), {
        wallMs: T0 + s * 1000,
        steadyMs: s * 1000,
      })
    }
    // at first a minute of the counter, before it is held back
    expect(sum(meter.closeAll(), 'energyMilliJ') / 1e6).toBeCloseTo(8 * 3600 * 1, -2)
  })

  test.each([undefined, null, 'gpu0', 7, { gpu0: 7 }, []])(
    'what another version left is taken for nothing: %j',
    (known) => {
      const check = new EnergyCheck(known)
      expect(check.known).toBeUndefined()
      expect(check.checked(at(5), 0).counters).toEqual({ energyJ: 5 })
    },
  )
})
