import { afterEach, beforeEach, expect, it } from 'vitest'
import { SiteLease } from '../../../collector/ingest/site-lease.ts'
import { encode } from '../../../protocol/codec.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { MqttLink } from '../../../protocol/kit/mqtt/mqtt-link.ts'
import type { PresenceMessage, Program } from '../../../protocol/program.ts'
import { presenceTopic, standbyTopic } from '../../../protocol/topics.ts'
import { eventually } from '../../eventually.ts'
import { type Mosquitto, startMosquitto } from '../../mosquitto.ts'

const program = (n: number): Program => ({
  instance: `0000000${n}`,
  startedAtMs: n,
  host: `host-${n}`,
  addresses: [],
})
const presence = (of: Program, state: PresenceMessage['state'] = 'online') => ({
  topic: presenceTopic('plains'),
  payload: encode({ v: 1, state, atMs: 1, version: '1', program: of }),
  qos: 1 as const,
  retain: true,
})

let broker: Mosquitto
let first: MqttLink
let told: string[]
const leases: SiteLease[] = []
beforeEach(async () => {
  broker = await startMosquitto()
  told = []
  first = new MqttLink({
    url: broker.url,
    clientId: 'first',
    topics: [standbyTopic('plains')],
    reconnectMs: { base: 10, cap: 50 },
    log: SILENT,
    onSubscribed: () => told.push('subscribed'),
    onMessage: (_, payload) => told.push(payload.toString()),
  })
  first.start()
  await eventually(
    () => told.length,
    (n) => n === 1,
  )
})
afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.stop()))
  await first.stop()
  await broker.stop()
})

/** A lease that looks for 300 ms, waits 1 s behind a retained presence, and takes over after 1.5 s of silence. */
function lease(n = 2) {
  const held: number[] = []
  const before: string[] = []
  const made = new SiteLease({
    url: broker.url,
    user: undefined,
    site: 'plains',
    program: program(n),
    version: '1',
    nowMs: () => 1,
    log: SILENT,
    onHeld: () => held.push(performance.now()),
    onBefore: ({ host }) => before.push(host),
    waits: { lookMs: 300, heardMs: 1000, goneMs: 1500 },
  })
  leases.push(made)
  made.start()
  return { made, held, before }
}
const until = (holds: () => boolean) => eventually(holds, (yes) => yes)

it('the only collector of a site has it at once', async () => {
  const { made, held } = lease()
  await until(() => held.length === 1)
  expect(made.first).toBeUndefined()
})

it('what a collector that ended has left, goodbye or not, keeps no other one away', async () => {
  first.publish(presence(program(1), 'offline'))
  const after = lease(2)
  await until(() => after.held.length === 1)
  // it may have taken records into a database of its own
  expect(after.before).toEqual(['host-1'])
  first.publish(presence(program(3)))
  const killed = lease(4)
  await until(() => killed.held.length === 1)
  expect(killed.made.first).toBeUndefined()
})

it('a second one stands by and says so while the first is heard, and takes over when that is gone for good', async () => {
  const beat = setInterval(() => first.publish(presence(program(1))), 200)
  const { made, held } = lease()
  await until(() => made.first?.host === 'host-1')
  await until(() => told.some((text) => text.includes('"host-2"')))
  // a restart of the first is no end
  clearInterval(beat)
  first.publish(presence(program(1), 'offline'))
  first.publish(presence(program(5)))
  await until(() => made.first?.host === 'host-5')
  expect(held).toEqual([])
  await until(() => held.length === 1)
  expect(made.first).toBeUndefined()
})

it('one that finds an earlier one beside it yields, and stands by', async () => {
  const { made, held } = lease()
  await until(() => held.length === 1)
  made.yieldTo(program(1))
  expect(made.first?.host).toBe('host-1')
  await until(() => held.length === 2)
})
