import { expect, test } from 'vitest'
import { InventoryPace } from '../../../agent/uplink/inventory-pace.ts'

test('a new device is announced at once, and the next ones at growing distances, because an inventory is all devices', () => {
  const pace = new InventoryPace()
  let version = 0
  const toldAtMs: number[] = []
  // a machine names its parts every 50 ms
  for (let nowMs = 0; nowMs < 20_000; nowMs += 50) {
    version++
    const list = { version, members: version }
    if (pace.untilDue(list, nowMs) !== 0) continue
    pace.sent(list, nowMs)
    toldAtMs.push(nowMs)
  }
  expect(toldAtMs).toEqual([0, 250, 750, 1_750, 3_750, 7_750, 15_750])
})

test('what becomes known of a device waits longer than a new device, and for 10 s at most', () => {
  const pace = new InventoryPace()
  pace.sent({ version: 1, members: 1 }, 0, true)
  expect(pace.untilDue({ version: 2, members: 1 }, 100)).toBe(1_900)
  expect(pace.untilDue({ version: 3, members: 2 }, 100)).toBe(150)
  for (let i = 0; i < 10; i++) pace.sent({ version: 3 + i, members: 1 }, 1_000)
  expect(pace.untilDue({ version: 99, members: 1 }, 1_000)).toBe(10_000)
})

test('an inventory that is as it was sent is not due', () => {
  const pace = new InventoryPace()
  expect(pace.untilDue({ version: 0, members: 0 }, 0)).toBe(0)
  pace.sent({ version: 0, members: 0 }, 0)
  expect(pace.untilDue({ version: 0, members: 0 }, 99_999)).toBeUndefined()
  expect(pace.members).toBe(0)
})

test('after a minute without a change, and after a collector came, a new device is told soon again', () => {
  for (const [atMs, asked] of [
    [70_000, false],
    [2_000, true],
  ] as const) {
    const pace = new InventoryPace()
    for (let i = 0; i < 6; i++) pace.sent({ version: i, members: i }, i)
    pace.sent({ version: 9, members: 9 }, atMs, asked)
    expect(pace.untilDue({ version: 10, members: 10 }, atMs)).toBe(250)
  }
})
