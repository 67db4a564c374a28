import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LiveSender } from '../../../agent/uplink/live-sender.ts'
import { decode } from '../../../protocol/codec.ts'
import { decodeLive, LiveMessageSchema, type Sample } from '../../../protocol/sample.ts'

const START_MS = 1_772_366_400_000

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A sender with what was read and not sent, and what it sent at which time since the start. */
function rig() {
  const messages: { atMs: number; samples: Sample[] }[] = []
  const unsent = new Map<string, Sample>()
  const line = { isConnected: true, liveBytes: Number.POSITIVE_INFINITY }
  /** until when the collector can't be told of new devices, ms since the start */
  const told = { atMs: 0 }
  const sinceMs = () => Date.now() - START_MS
  const sender = new LiveSender({
    introduce: () => (sinceMs() < told.atMs ? told.atMs - sinceMs() : undefined),
    take: () => {
      if (sinceMs() < told.atMs) return []
      const taken = [...unsent.values()]
      unsent.clear()
      return taken
    },
    publish: (payload) => {
      const message = decode(LiveMessageSchema, Buffer.from(payload))
      if (!message.ok) throw new Error(message.reason)
      messages.push({ atMs: sinceMs(), samples: decodeLive(message.value) })
    },
    connected: () => line.isConnected,
    size: line,
    wallMs: Date.now,
    nowMs: Date.now,
  })
  return {
    sender,
    messages,
    line,
    told,
    read(deviceId: string, powerW = 1) {
      unsent.set(deviceId, { deviceId, observedAtMs: Date.now(), state: 'ok', powerW })
      sender.noted()
    },
    /** [ms since the start, ids] of each message */
    sent: () => messages.map(({ atMs, samples }) => [atMs, samples.map((s) => s.deviceId).join(' ')]),
  }
}

test('the first reading is sent at once, and what is read within 250 ms of it in the next message', () => {
  const { read, sent } = rig()
  read('a')
  vi.advanceTimersByTime(100)
  read('b')
  vi.advanceTimersByTime(100)
  read('c')
  vi.advanceTimersByTime(1_000)
  expect(sent()).toEqual([
    [0, 'a'],
    [250, 'b c'],
  ])
})

test('a message has the devices that were read since the one before, and no others', () => {
  const { read, sent } = rig()
  read('a')
  vi.advanceTimersByTime(1_000)
  read('b')
  vi.advanceTimersByTime(1_000)
  read('a')
  vi.advanceTimersByTime(5_000)
  expect(sent()).toEqual([
    [0, 'a'],
    [1_000, 'b'],
    [2_000, 'a'],
  ])
})

test('of a device that was read twice the newest reading is sent', () => {
  const { read, messages } = rig()
  read('a', 1)
  read('a', 2)
  read('a', 3)
  vi.advanceTimersByTime(250)
  expect(messages.map(({ samples }) => samples.map((s) => s.powerW))).toEqual([[1], [3]])
})

test('whenever devices are read, each reading or a newer one is sent within 250 ms, in at most four messages a second', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 5 })), { maxLength: 60 }),
      (reads) => {
        vi.setSystemTime(START_MS)
        const { read, messages } = rig()
        const readAt: { id: string; atMs: number; powerW: number }[] = []
        for (const [i, [waitMs, device]] of reads.entries()) {
          vi.advanceTimersByTime(waitMs)
          readAt.push({ id: `d${device}`, atMs: Date.now() - START_MS, powerW: i })
          read(`d${device}`, i)
        }
        vi.advanceTimersByTime(250)
        for (const { id, atMs, powerW } of readAt)
          expect(
            messages.some(
              (m) =>
                m.atMs >= atMs &&
                m.atMs <= atMs + 250 &&
                m.samples.some((s) => s.deviceId === id && (s.powerW ?? -1) >= powerW),
            ),
          ).toBe(true)
        for (const { atMs } of messages)
          expect(messages.filter((m) => m.atMs >= atMs && m.atMs < atMs + 1_000).length).toBeLessThanOrEqual(
            4,
          )
        const sent = messages.flatMap(({ samples }) => samples.map((s) => s.powerW))
        expect(new Set(sent).size).toBe(sent.length)
      },
    ),
  )
})

test('what does not fit into one message comes in several at once', () => {
  const { read, line, messages, sender } = rig()
  line.isConnected = false
  for (let i = 0; i < 1_100; i++) read(`d${i}`)
  line.isConnected = true
  sender.noted()
  expect(messages.map(({ samples }) => samples.length)).toEqual([500, 500, 100])
  line.liveBytes = 200
  for (let i = 0; i < 5; i++) read(`e${i}`)
  vi.advanceTimersByTime(250)
  expect(messages.length).toBeGreaterThan(4)
  expect(messages.slice(3).flatMap(({ samples }) => samples.map((s) => s.deviceId))).toEqual([
    ...['e0', 'e1', 'e2', 'e3', 'e4'],
  ])
})

test('without a connection each device’s newest reading waits', () => {
  const { read, line, messages, sender } = rig()
  line.isConnected = false
  read('a', 1)
  vi.advanceTimersByTime(5_000)
  read('a', 2)
  expect(messages).toEqual([])
  line.isConnected = true
  sender.noted()
  expect(messages.map(({ samples }) => samples.map((s) => s.powerW))).toEqual([[2]])
})

test('readings of devices that the collector does not know yet are sent as soon as it can know them', () => {
  const { read, told, sent } = rig()
  told.atMs = 400
  read('a')
  vi.advanceTimersByTime(1_000)
  expect(sent()).toEqual([[400, 'a']])
})

test('nothing is sent after a stop', () => {
  const { read, sent, sender } = rig()
  read('a')
  read('b')
  sender.stop()
  vi.advanceTimersByTime(1_000)
  expect(sent()).toEqual([[0, 'a']])
})
