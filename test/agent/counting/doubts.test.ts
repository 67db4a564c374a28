import { expect, test } from 'vitest'
import { Doubts } from '../../../agent/counting/doubts.ts'

test('one odd reading may be gone with the next; the third in a row stays', () => {
  const doubts = new Doubts()
  expect([1, 2, 3, 4].map(() => doubts.add(false, false))).toEqual(['first', 'some', 'many', 'some'])
  expect(doubts.any).toBe(true)
  doubts.end()
  expect(doubts.any).toBe(false)
  expect(doubts.add(false, false)).toBe('first')
})

test('an odd reading below the one before it begins a new doubt: that one was wild', () => {
  const doubts = new Doubts()
  doubts.add(false, false)
  expect([doubts.add(false, true), doubts.add(false, false)]).toEqual(['first', 'some'])
})

test('a doubt that began after a gap stays one of the gap', () => {
  const doubts = new Doubts()
  doubts.add(true, false)
  doubts.add(false, false)
  expect(doubts.sinceGap).toBe(true)
  doubts.end()
  doubts.add(false, false)
  expect(doubts.sinceGap).toBe(false)
})

test('a fall is taken as it is at its second reading, and one that rises in between is none', () => {
  const doubts = new Doubts()
  expect(doubts.fell(false, false)).toBeUndefined()
  expect(doubts.fell(false, true)).toBe('since now')
  expect(doubts.fell(true, false)).toBeUndefined()
  expect(doubts.fell(false, true)).toBe('in a gap')
  expect(doubts.fell(false, false)).toBeUndefined()
  doubts.risen()
  expect(doubts.fell(false, true)).toBeUndefined()
})
