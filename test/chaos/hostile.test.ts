import mqtt from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseTopic } from '../../protocol/topics.ts'
import { eventually } from '../eventually.ts'
import { type Mosquitto, startMosquitto } from '../mosquitto.ts'
import { HOSTILE_NAME, Hostile } from './hostile.ts'

let broker: Mosquitto
beforeAll(async () => {
  broker = await startMosquitto()
})
afterAll(() => broker.stop())

test('a hostile client claims nothing under another name, and what it sends is told from what agents send', async () => {
  const hostile = new Hostile(broker.url, 'demo', ['hall'])
  const heard: { name: string; payload: Buffer }[] = []
  const client = await mqtt.connectAsync(broker.url)
  client.on('message', (name, payload) => heard.push({ name, payload }))
  await client.subscribeAsync('#')
  const stop = new AbortController()
  const over = hostile.assail(7, stop.signal)
  await eventually(
    () => new Set(heard.map(({ name }) => name)).size,
    (topics) => topics > 8,
  )
  stop.abort()
  await over
  const others = heard.filter(({ name }) => parseTopic(name)?.agent !== HOSTILE_NAME)
  expect(others.length).toBeGreaterThan(0)
  expect(others.filter(({ payload }) => payload.length > 0 && !hostile.sent(payload))).toEqual([])
  expect(hostile.sent('{"v":1,"epoch":1700000000000,"firstSeq":3}')).toBe(false)
  await client.endAsync(true)
  // what it had retained is gone
  const left: string[] = []
  const late = await mqtt.connectAsync(broker.url)
  late.on('message', (name) => left.push(name))
  await late.subscribeAsync('#')
  await late.publishAsync('done', '')
  await eventually(
    () => left,
    (names) => names.includes('done'),
  )
  expect(left).toEqual(['done'])
  await late.endAsync(true)
})
