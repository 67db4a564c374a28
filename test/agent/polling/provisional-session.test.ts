import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Driver, defineDriver } from '../../../agent/plugin/driver.ts'
import { foundSession } from '../../../agent/polling/found-session.ts'
import { provisionalSession } from '../../../agent/polling/provisional-session.ts'
import { Trials } from '../../../agent/polling/trials.ts'
import { soon } from '../asic-harness.ts'

const closed: string[] = []
const driver = (name: string) =>
  defineDriver({
    name,
    summary: '',
    kind: 'asic',
    settings: z.object({}),
    needsHost: true,
    requests: [],
    fallback: name === 'cgminer',
    open: () => ({ read: async () => [], close: () => void closed.push(name) }),
  }) as unknown as Driver
const open = (d: Driver) => d.open({ id: 'm1', host: '10.0.0.1', options: {} })
const [whatsminer, cgminer] = [driver('whatsminer'), driver('cgminer')]

/** A machine first found as `first`; each later detection gives the next of these, the last one again and again. */
function machine(first: Driver, ...later: (readonly [Driver, ...Driver[]] | Error)[]) {
  const trials = new Trials()
  const detections: number[] = []
  let polls = 0
  const session = provisionalSession(foundSession([first], open, trials), trials, async () => {
    const found = later[Math.min(detections.length, later.length - 1)]
    detections.push(polls)
    if (!found || found instanceof Error) throw found
    return trials.areBetter(found) ? foundSession(found, open, trials) : undefined
  })
  const poll = async (times: number) => {
    for (let i = 0; i < times; i++) {
      polls++
      await session.read(soon())
      await new Promise(setImmediate)
    }
    return session.driver
  }
  return { poll, detections, session }
}

test('a fallback that reads is kept reading until a later detection finds the machine’s own driver', async () => {
  const { poll, detections } = machine(cgminer, [cgminer], new Error('silent'), [whatsminer, cgminer])
  expect(await poll(28)).toBe('cgminer')
  expect(await poll(1)).toBe('whatsminer')
  expect(detections).toEqual([4, 12, 28])
  expect(closed).toContain('cgminer')
})

test('detection is repeated for ever, each time after longer, at most after an hour of the usual interval', async () => {
  const { poll, detections } = machine(cgminer, [cgminer])
  await poll(1300)
  expect(detections).toEqual([4, 12, 28, 60, 124, 252, 492, 732, 972, 1212])
})

test('a driver that has read the machine as its own stays', async () => {
  const { poll, detections } = machine(whatsminer, [driver('vnish')])
  expect(await poll(500)).toBe('whatsminer')
  expect(detections).toEqual([])
})

test('a detection that ends after the session was closed opens nothing', async () => {
  const { poll, session } = machine(cgminer, [whatsminer, cgminer])
  await poll(3)
  closed.length = 0
  await session.read(soon())
  session.close?.()
  expect(closed).toEqual(['cgminer'])
})
