import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Agent } from '../../agent/composition/agent.ts'
import { agentConfigSchema } from '../../agent/config/config.ts'
import { defineDriver } from '../../agent/plugin/driver.ts'
import { Collector } from '../../collector/composition/collector.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import type { SiteView } from '../../collector/views/site.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { createLog } from '../../protocol/kit/log.ts'
import { eventually } from '../eventually.ts'
import { freePort, type Mosquitto, startMosquitto } from '../mosquitto.ts'

const rig = defineDriver({
  name: 'rig',
  summary: 'for this test',
  kind: 'asic',
  needsHost: false,
  requests: [],
  settings: z.object({}),
  open: () => ({
    read: async () => [{ identity: { kind: 'asic' as const }, sample: { state: 'hashing', powerW: 1000 } }],
  }),
})

let folder: string
let collector: Collector | undefined
let url = ''
let lines: string[]
const agents: Agent[] = []
const brokers: Mosquitto[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-login-'))
  lines = []
})
afterEach(async () => {
  await Promise.all(agents.splice(0).map((a) => a.stop()))
  await collector?.stop()
  collector = undefined
  await Promise.all(brokers.splice(0).map((b) => b.stop()))
  rmSync(folder, { recursive: true, force: true })
})

const log = createLog({ write: (line) => lines.push(line) })

async function startCollector(mqtt: unknown): Promise<void> {
  const text = JSON.stringify({ site: { id: 'plains' }, dataFolder: folder, mqtt, http: { port: 1 } })
  const config = parseConfig(CollectorConfigSchema, text, 'test')
  // port 0: the system chooses a port, which a configuration file may not ask for
  config.http.port = 0
  collector = new Collector({ config, assets: {}, version: 'test', log })
  url = (await collector.start()).screenUrl
}

function startAgent(name: string, mqtt: unknown): void {
  const text = JSON.stringify({
    site: 'plains',
    agent: name,
    mqtt,
    pollInterval: '1s',
    spool: { folder: join(folder, 'spool', name) },
    devices: [{ id: `${name}-rig`, driver: 'rig' }],
  })
  const config = parseConfig(agentConfigSchema([rig]), text, 'test')
  const agent = new Agent({ config, drivers: [rig], version: 'test', log: log.child({ agent: name }) })
  void agent.start()
  agents.push(agent)
}

/** Waits until exactly these agents are online. */
async function expectOnline(...names: string[]): Promise<void> {
  const online = async () => {
    const { agents: all } = (await (await fetch(`${url}/api/v1/site`)).json()) as SiteView
    return all.flatMap((a) => (a.state === 'online' ? [a.agentId] : [])).sort()
  }
  await eventually(online, (all) => all.join() === names.join(), 60_000)
}

const logged = (part: Record<string, unknown>) =>
  eventually(
    () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    (all) => all.some((line) => Object.entries(part).every(([key, value]) => line[key] === value)),
  )
const NOT_AUTHORISED =
  'the broker refuses the connection; check mqtt.username and mqtt.password here, and at the broker that this user may connect, and that messages of some kB are allowed (Mosquitto: message_size_limit)'
const WRONG_PASSWORD =
  'the broker refuses the connection; check mqtt.username and mqtt.password here, and the password at the broker'

describe('the embedded broker', () => {
  it('takes its own collector and the agents that send mqtt.embedded.password, with and without a name', async () => {
    const port = await freePort()
    const address = `mqtt://127.0.0.1:${port}`
    const file = join(folder, 'password')
    writeFileSync(file, 'grünes Licht\n')
    await startCollector({ embedded: { port, password: { file } } })
    startAgent('named', { url: address, username: 'someone', password: 'grünes Licht' })
    startAgent('nameless', { url: address, password: { file } })
    startAgent('wrong', { url: address, password: 'rotes Licht' })
    startAgent('without', { url: address })
    await logged({ agent: 'wrong', event: WRONG_PASSWORD, user: 'wrong' })
    await logged({ agent: 'without', event: WRONG_PASSWORD, sent: 'no user and no password' })
    await logged({ client: 'perwatt-plains-wrong', reason: 'wrong password' })
    await logged({ client: 'perwatt-plains-without', reason: 'no password' })
    await expectOnline('named', 'nameless')
    expect(lines.join()).not.toMatch(/Licht/)
  })

  it('without a password takes its own collector and every agent', async () => {
    const port = await freePort()
    const address = `mqtt://127.0.0.1:${port}`
    await startCollector({ embedded: { port } })
    startAgent('a', { url: address })
    startAgent('b', { url: address, password: 'anything' })
    await expectOnline('a', 'b')
  })
})

describe('Mosquitto with a password file', () => {
  it('takes a password without a name as that of the program, and a refusal is logged with user and reason', async () => {
    const broker = await startMosquitto({ collector: 'c1', nameless: 'n1', rack: 'r1' })
    brokers.push(broker)
    await startCollector({ url: broker.url, password: 'c1' })
    startAgent('named', { url: broker.url, username: 'rack', password: 'r1' })
    startAgent('nameless', { url: broker.url, password: 'n1' })
    startAgent('wrong', { url: broker.url, username: 'rack', password: 'r2' })
    startAgent('without', { url: broker.url })
    await logged({ agent: 'wrong', event: NOT_AUTHORISED, user: 'rack', sent: 'user and password' })
    await logged({ agent: 'without', event: NOT_AUTHORISED, sent: 'no user and no password' })
    await expectOnline('named', 'nameless')
  })

  it('refuses a collector with a wrong password, which says so and connects once it is right', async () => {
    const broker = await startMosquitto({ collector: 'c1' })
    brokers.push(broker)
    await startCollector({ url: broker.url, username: 'collector', password: 'c2' })
    await logged({ event: NOT_AUTHORISED, user: 'collector', reason: 'Connection refused: Not authorized' })
    await collector?.stop()
    await startCollector({ url: broker.url, username: 'collector', password: 'c1' })
    await logged({ event: 'listening to the agents' })
  })
})
