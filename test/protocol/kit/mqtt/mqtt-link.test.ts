import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type EmbeddedBroker, startEmbeddedBroker } from '../../../../collector/broker/embedded.ts'
import { createLog, SILENT } from '../../../../protocol/kit/log.ts'
import { MqttLink, type MqttLinkOptions } from '../../../../protocol/kit/mqtt/mqtt-link.ts'
import { Secret } from '../../../../protocol/kit/secret.ts'
import { eventually } from '../../../eventually.ts'

const links: MqttLink[] = []
const brokers = new Set<EmbeddedBroker>()
const servers: Server[] = []
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.stop()))
  await Promise.all([...brokers].map(close))
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})
const close = (broker: EmbeddedBroker) => {
  brokers.delete(broker)
  return broker.close()
}

async function broker(port = 0, password?: Secret) {
  const started = await startEmbeddedBroker({
    host: '127.0.0.1',
    port,
    site: 'plains',
    password,
    log: SILENT,
  })
  brokers.add(started)
  return started
}

/** A link of the site `plains`, and the events that it got. */
function link(port: number, more: Partial<MqttLinkOptions> = {}) {
  const messages: [topic: string, text: string, retained: boolean][] = []
  const calls: string[] = []
  const made = new MqttLink({
    url: `mqtt://127.0.0.1:${port}`,
    clientId: 'perwatt-plains-a1',
    topics: ['site/#'],
    reconnectMs: { base: 1, cap: 1 },
    log: SILENT,
    onConnected: () => calls.push('connected'),
    onSubscribed: () => calls.push('subscribed'),
    onMessage: (topic, payload, retained) => messages.push([topic, payload.toString(), retained]),
    onClosed: () => calls.push('closed'),
    ...more,
  })
  links.push(made)
  made.start()
  const subscribed = (times = 1) =>
    eventually(
      () => calls.filter((call) => call === 'subscribed').length,
      (n) => n >= times,
    )
  const heard = (text: string) =>
    eventually(
      () => messages.find(([, said]) => said === text),
      (found) => found !== undefined,
    )
  return { link: made, messages, calls, subscribed, heard }
}

test('messages arrive, and retained ones are marked', async () => {
  const { port } = await broker()
  const first = link(port)
  await first.subscribed()
  expect(first.calls).toEqual(['connected', 'subscribed'])
  expect(first.link.publish({ topic: 'site/a', payload: 'kept', qos: 1, retain: true })).toBe(true)
  expect(await first.heard('kept')).toEqual(['site/a', 'kept', false])
  const second = link(port, { clientId: 'reader' })
  expect(await second.heard('kept')).toEqual(['site/a', 'kept', true])
})

test('after the broker restarts it connects and subscribes again, and queues nothing meanwhile', async () => {
  const before = await broker()
  const { port } = before
  const { link: made, calls, subscribed, heard, messages } = link(port)
  await subscribed()
  await close(before)
  await eventually(
    () => calls,
    (all) => all.includes('closed'),
  )
  expect(made.connected).toBe(false)
  expect(made.publish({ topic: 'site/a', payload: 'lost', qos: 1 })).toBe(false)
  await broker(port)
  await subscribed(2)
  made.publish({ topic: 'site/a', payload: 'found', qos: 1 })
  await heard('found')
  expect(messages.map(([, text]) => text)).toEqual(['found'])
})

test('the last will is for accidents: a goodbye is published in its place', async () => {
  const { port } = await broker()
  const reader = link(port, { clientId: 'reader' })
  await reader.subscribed()
  const lastWill = { topic: 'site/status', payload: 'accident', qos: 1, retain: true } as const
  const agent = link(port, { lastWill })
  await agent.subscribed()
  await agent.link.stop({ topic: 'site/status', payload: 'goodbye', qos: 1, retain: true })
  await reader.heard('goodbye')
  expect(agent.link.publish({ topic: 'site/status', payload: 'late', qos: 1 })).toBe(false)
  expect(reader.messages.map(([, text]) => text)).toEqual(['goodbye'])
})

/** A broker that accepts the connection and then does what the test says. */
async function brokenBroker(afterConnect: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      // CONNACK: accepted
      socket.write(Buffer.from([0x20, 2, 0, 0]))
      afterConnect(socket)
    })
  })
  servers.push(server)
  server.on('close', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const closeServer = server.close.bind(server)
  server.close = (done) => {
    for (const socket of sockets) socket.destroy()
    return closeServer(done)
  }
  return (server.address() as { port: number }).port
}

test('a broker that stops reading costs a bounded amount of memory: the rest is refused', async () => {
  const port = await brokenBroker((socket) => socket.pause())
  const { link: made, calls } = link(port)
  await eventually(
    () => calls,
    (all) => all.includes('connected'),
  )
  const payload = 'x'.repeat(2 ** 20)
  let taken = 0
  while (taken < 100 && made.publish({ topic: 'site/live', payload, qos: 0 })) taken++
  expect(taken).toBeGreaterThan(1)
  expect(taken).toBeLessThan(50)
})

test('stop ends within its deadline where the broker answers nothing', async () => {
  const port = await brokenBroker((socket) => socket.pause())
  const { link: made, calls } = link(port)
  await eventually(
    () => calls,
    (all) => all.includes('connected'),
  )
  await made.stop({ topic: 'site/status', payload: 'goodbye', qos: 1 })
  expect(made.connected).toBe(false)
})

test('a link that is stopped before it stood logs no failure', async () => {
  const silent = createServer()
  servers.push(silent)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const lines: string[] = []
  const { port } = silent.address() as AddressInfo
  const { link: made } = link(port, { log: createLog({ level: 'warn', write: (line) => lines.push(line) }) })
  const socket = await new Promise<Socket>((resolve) => silent.once('connection', resolve))
  const closed = new Promise((resolve) => socket.resume().once('close', resolve))
  await made.stop()
  await closed
  expect(lines).toEqual([])
})

test('a broker that is away is logged once, without the credentials of its address', async () => {
  const gone = await broker()
  await close(gone)
  const lines: string[] = []
  const log = createLog({ write: (line) => lines.push(line) })
  const { calls } = link(gone.port, { log, url: `mqtt://reader:hunter2@127.0.0.1:${gone.port}` })
  await eventually(
    () => calls.filter((call) => call === 'closed').length,
    (n) => n >= 3,
  )
  expect(lines.map((line) => JSON.parse(line).event)).toEqual([
    'broker not reached; check its address, and that it runs',
  ])
  expect(lines.join()).not.toContain('hunter2')
})

test('a wrong password is logged with its reason, once, and the password is not', async () => {
  const { port } = await broker(0, new Secret('right'))
  const lines: string[] = []
  const log = createLog({ write: (line) => lines.push(line) })
  const { calls } = link(port, { log, user: { name: 'a1', password: new Secret('hunter2') } })
  await eventually(
    () => calls.filter((call) => call === 'closed').length,
    (n) => n >= 3,
  )
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      event:
        'the broker refuses the connection; check mqtt.username and mqtt.password here, and the password at the broker',
      user: 'a1',
      reason: 'Connection refused: Bad username or password',
    }),
  ])
  expect(lines.join()).not.toContain('hunter2')
})

test('a broker that refuses after it was away is logged with the new reason, and reached once the password is right', async () => {
  const away = await broker(0, new Secret('right'))
  const { port } = away
  await close(away)
  const lines: string[] = []
  const log = createLog({ write: (line) => lines.push(line) })
  const { subscribed } = link(port, { log, user: { name: 'a1', password: new Secret('right') } })
  const logged = (text: string) =>
    eventually(
      () => lines.join(),
      (all) => all.includes(text),
    )
  await logged('ECONNREFUSED')
  const strict = await broker(port, new Secret('another'))
  await logged('Bad username or password')
  await close(strict)
  await broker(port, new Secret('right'))
  await subscribed()
})

test('a broker that closes the connection without an answer is logged as such', async () => {
  const server = createServer((socket) => socket.once('data', () => socket.destroy()).on('error', () => {}))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const lines: string[] = []
  link((server.address() as { port: number }).port, { log: createLog({ write: (line) => lines.push(line) }) })
  await eventually(
    () => lines.join(),
    (text) => text.includes('it closed the connection without an answer to CONNECT'),
  )
})

test('the embedded broker says once which client it refused and why, and always accepts its own collector', async () => {
  const lines: string[] = []
  const started = await startEmbeddedBroker({
    host: '127.0.0.1',
    port: 0,
    site: 'plains',
    password: new Secret('right'),
    log: createLog({ write: (line) => lines.push(line) }),
  })
  brokers.add(started)
  const refused = async (clientId: string, user: MqttLinkOptions['user']) => {
    const { calls, link: made } = link(started.port, { clientId, user })
    await eventually(
      () => calls.filter((call) => call === 'closed').length,
      (n) => n >= 3,
    )
    await made.stop()
  }
  await refused('perwatt-plains-a1', { name: 'a1', password: new Secret('hunter2') })
  await refused('perwatt-plains-a2', undefined)
  await refused('perwatt-plains-a3', { name: 'a3' })
  expect(
    lines.map((line) => JSON.parse(line)).map(({ client, user, reason }) => [client, user, reason]),
  ).toEqual([
    ['perwatt-plains-a1', 'a1', 'wrong password'],
    ['perwatt-plains-a2', undefined, 'no password'],
    ['perwatt-plains-a3', 'a3', 'no password'],
  ])
  expect(lines.join()).not.toContain('hunter2')
  const own = link(started.port, { clientId: 'perwatt-plains-collector', user: started.collector })
  await own.subscribed()
})
