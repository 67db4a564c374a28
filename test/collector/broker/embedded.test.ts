import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import mqtt, { type MqttClient } from 'mqtt'
import { generate } from 'mqtt-packet'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type BrokerBounds,
  type EmbeddedBroker,
  startEmbeddedBroker,
} from '../../../collector/broker/embedded.ts'
import { createLog } from '../../../protocol/kit/log.ts'
import { topic } from '../../../protocol/topics.ts'
import { eventually } from '../../eventually.ts'

const SITE = 'plains'
const brokers: EmbeddedBroker[] = []
const clients: MqttClient[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
  await Promise.all(brokers.splice(0).map((broker) => broker.close()))
})

async function broker(bounds: Partial<BrokerBounds> = {}) {
  const lines: string[] = []
  const log = createLog({ write: (line) => lines.push(line) })
  const started = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, site: SITE, log, bounds })
  brokers.push(started)
  return { port: started.port, lines }
}

async function client(
  port: number,
  clientId: string,
  clean = true,
): Promise<MqttClient & { session?: boolean }> {
  const made = mqtt.connect({ host: '127.0.0.1', port, clientId, clean, reconnectPeriod: 0 })
  clients.push(made)
  const connack = await new Promise<{ sessionPresent: boolean }>((resolve) => made.once('connect', resolve))
  return Object.assign(made, { session: connack.sessionPresent })
}

/** A raw connection: what it wrote, and when it is closed. */
async function raw(port: number, bytes: Buffer) {
  const socket = connectSocket({ host: '127.0.0.1', port })
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(bytes)
  return { socket, closed }
}
const connectPacket = (clientId: string, password = ''): Buffer =>
  generate({
    cmd: 'connect',
    ...{ protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 60, clientId },
    ...(password && { username: 'a', password: Buffer.from(password) }),
  })

describe('what clients can make the broker hold', () => {
  it('a CONNECT above 64 KiB ends the connection at its length field, before the rest is sent', async () => {
    const { port, lines } = await broker()
    // a fixed header that promises 200 MB
    const { closed } = await raw(port, Buffer.from([0x10, 0x80, 0x84, 0xaf, 0x5f]))
    await closed
    expect(lines.join()).toContain('its packet has 200000000 bytes')
  })

  it('an accepted client may send a message of a megabyte, and no packet above two', async () => {
    const { port } = await broker()
    const a = await client(port, 'a')
    await a.publishAsync('x', Buffer.alloc(2 ** 20), { qos: 1 })
    const { socket, closed } = await raw(port, connectPacket('b'))
    await once(socket, 'data')
    // PUBLISH of 200 MB
    socket.write(Buffer.from([0x30, 0x80, 0x84, 0xaf, 0x5f]))
    await closed
  })

  it('a retained message beyond the bound is passed on and not kept; agents’ topics have room of their own', async () => {
    const { port, lines } = await broker({ otherRetained: { topics: 2, bytes: 1000 } })
    const a = await client(port, 'a')
    const heard: string[] = []
    await a.subscribeAsync('shelf/#')
    a.on('message', (name) => heard.push(name))
    for (const name of ['shelf/1', 'shelf/2', 'shelf/3'])
      await a.publishAsync(name, 'here', { retain: true, qos: 1 })
    await eventually(
      () => heard.length,
      (count) => count === 3,
    )
    const agent = await client(port, `perwatt-${SITE}-edge-1`)
    await agent.publishAsync(topic(SITE, 'edge-1', 'status'), 'kept', { retain: true, qos: 1 })
    // a removed topic makes room
    await a.publishAsync('shelf/1', '', { retain: true, qos: 1 })
    await a.publishAsync('shelf/4', 'here', { retain: true, qos: 1 })
    const late = await client(port, 'late')
    const kept: string[] = []
    late.on('message', (name, _payload, { retain }) => retain && kept.push(name))
    await late.subscribeAsync(['shelf/#', 'perwatt/#'])
    await eventually(
      () => kept.length,
      (count) => count === 3,
    )
    expect(kept.sort()).toEqual([topic(SITE, 'edge-1', 'status'), 'shelf/2', 'shelf/4'])
    expect(lines.filter((line) => line.includes('no room for another retained message'))).toHaveLength(1)
  })

  it('no session outlives its connection: nothing is kept for a client that is away', async () => {
    const { port } = await broker()
    const sleeper = await client(port, 'sleeper', false)
    await sleeper.subscribeAsync('news', { qos: 1 })
    await sleeper.endAsync(true)
    const other = await client(port, 'other')
    await other.publishAsync('news', 'while away', { qos: 1 })
    const again = await client(port, 'sleeper', false)
    expect(again.session).toBe(false)
  })

  it('connections are bounded: one more than there may be is refused, and one that ends makes room', async () => {
    const { port, lines } = await broker({ connections: { all: 1, waiting: 1, ofAddress: 1 } })
    const a = await client(port, 'a')
    const { closed } = await raw(port, connectPacket('b'))
    await closed
    expect(lines.join()).toContain('a connection was refused: there are 1 connections')
    await a.endAsync(true)
    await eventually(
      () => client(port, 'b').then(() => true),
      (connected) => connected,
    )
  })

  it('one that says nothing takes no place from those that do', async () => {
    const { port } = await broker({ connections: { all: 10, waiting: 1, ofAddress: 10 } })
    const silent = await raw(port, Buffer.alloc(0))
    const { closed } = await raw(port, connectPacket('b'))
    await closed
    silent.socket.destroy()
    await silent.closed
  })

  it('a client gets so many subscriptions and no more', async () => {
    const { port } = await broker({ subscriptions: 2 })
    const a = await client(port, 'a')
    const granted = await a.subscribeAsync(['x/1', 'x/2']).then((all) => all.map(({ qos }) => qos))
    expect(granted).toEqual([0, 0])
    await expect(a.subscribeAsync('x/3')).rejects.toThrow()
  })

  it('a client whose packets come too fast is slowed, and loses none of them', async () => {
    const { port, lines } = await broker({ packetsPerS: 20 })
    const listener = await client(port, 'listener')
    let heard = 0
    listener.on('message', () => heard++)
    await listener.subscribeAsync('many')
    const { socket } = await raw(port, connectPacket('hasty'))
    await once(socket, 'data')
    const one = generate({
      ...{ cmd: 'publish', topic: 'many', payload: Buffer.alloc(9), qos: 0, dup: false, retain: false },
    })
    // beyond what may be saved up
    for (let i = 0; i < 6; i++) {
      socket.write(Buffer.concat(Array(40).fill(one)))
      await eventually(
        () => heard,
        (count) => count === 40 * (i + 1),
      )
    }
    expect(lines).toEqual([])
    socket.destroy()
  })

  it('a subscriber that does not read loses messages, and holds up nobody', async () => {
    const { port, lines } = await broker()
    const { socket } = await raw(port, connectPacket('slow'))
    await once(socket, 'data')
    socket.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos: 0 }] }))
    await once(socket, 'data')
    socket.pause()
    const fast = await client(port, 'fast')
    // far more than the kernel’s buffers of both sides and the broker’s bound take
    for (let i = 0; i < 30; i++) await fast.publishAsync('bulk', Buffer.alloc(2 ** 19), { qos: 1 })
    expect(lines.join()).toContain('a subscriber reads slower than messages come')
    socket.destroy()
  })
})
