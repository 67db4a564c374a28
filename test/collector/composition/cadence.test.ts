import { expect, test } from 'vitest'
import { Cadence, FRAMES_UP_TO_DEVICES } from '../../../collector/composition/cadence.ts'

/** What was done at each of these times, ms. */
function beats(timesMs: number[], { devices = 10, isWatched = true } = {}): string[] {
  const done: string[] = []
  let nowMs = 0
  const cadence = new Cadence({
    tick: () => done.push(`tick ${nowMs}`),
    views: { deviceCount: devices, look: () => done.push(`look ${nowMs}`) },
    screens: { isWatched, tick: () => done.push(`frame ${nowMs}`) },
    steadyMs: () => nowMs,
  })
  for (const atMs of timesMs) {
    nowMs = atMs
    cadence.beat()
  }
  return done
}

test('screens get a frame every 500 ms, and the rules judge each second', () => {
  expect(beats([0, 500, 1000, 1500, 1999])).toEqual([
    'tick 0',
    ...['look 500', 'frame 500', 'tick 1000'],
    ...['look 1500', 'frame 1500', 'tick 1999'],
  ])
})

test('where no browser is open, or there are more machines than a frame is cheap for, there is a frame each second', () => {
  expect(beats([0, 500, 1000], { isWatched: false })).toEqual(['tick 0', 'tick 1000'])
  expect(beats([0, 500, 1000], { devices: FRAMES_UP_TO_DEVICES })).toEqual([
    ...['tick 0', 'look 500', 'frame 500', 'tick 1000'],
  ])
  expect(beats([0, 500, 1000], { devices: FRAMES_UP_TO_DEVICES + 1 })).toEqual(['tick 0', 'tick 1000'])
})

test('a beat that was left out delays the tick by no second', () => {
  expect(beats([0, 1300, 1800, 2300])).toEqual([
    ...['tick 0', 'tick 1300', 'look 1800', 'frame 1800', 'tick 2300'],
  ])
})
