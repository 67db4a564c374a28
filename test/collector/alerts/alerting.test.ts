import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Alerting, type AlertingOptions, createAlerting } from '../../../collector/alerts/alerting.ts'
import { alertsSchema } from '../../../collector/alerts/config.ts'
import { CHANNELS } from '../../../collector/channels/index.ts'
import type { Situation } from '../../../collector/plugin/situation.ts'
import { RULES } from '../../../collector/rules/index.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { WebhookReceiver } from '../../webhook-receiver.ts'
import { agent, miner, situation } from './situations.ts'

const SECRET = `whsec_${Buffer.alloc(32, 'a').toString('base64')}`

let folder = ''
let receiver: WebhookReceiver
const running: Alerting[] = []
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-alerting-'))
  receiver = await WebhookReceiver.start()
})
afterEach(async () => {
  for (const alerting of running.splice(0)) await alerting.stop()
  await receiver.down()
  rmSync(folder, { recursive: true })
})

/** Sends to the receiver; `more` is written over the receiver's settings. */
function alertingWith(more: object = {}, options: Partial<AlertingOptions> = {}): Alerting {
  const config = alertsSchema(CHANNELS, RULES).parse({
    rules: [{ rule: 'hot', for: '10s', clearFor: '10s' }],
    receivers: [
      {
        channel: 'webhook',
        name: 'ops',
        url: receiver.url,
        secret: SECRET,
        allowPrivate: ['127.0.0.0/8'],
        ...more,
      },
    ],
  })
  const alerting = createAlerting({
    rules: RULES,
    config,
    dataFolder: join(folder, 'data'),
    log: SILENT,
    channels: CHANNELS,
    version: '0.0.0',
    site: 'north',
    delivery: { scheduleMs: Array.from({ length: 1000 }, () => 5) },
    ...options,
  })
  running.push(alerting)
  return alerting
}

const at = (atS: number, tempC: number, more: Partial<Situation> = {}) =>
  situation(atS, { devices: [miner({ tempC })], ...more })
const fire = (alerting: Alerting, fromS = 0) => {
  alerting.evaluate(at(fromS, 99))
  alerting.evaluate(at(fromS + 10, 99))
}
const resolve = (alerting: Alerting, fromS: number) => {
  alerting.evaluate(at(fromS, 60))
  alerting.evaluate(at(fromS + 10, 60))
}
const sent = async (alerting: Alerting) => {
  await alerting.announced()
  await vi.waitFor(() => expect(alerting.deliveries()[0]?.queued).toBe(0))
}
const got = () =>
  receiver.requests.map((r) => {
    const body = new Webhook(SECRET).verify(r.body, r.headers as Record<string, string>) as {
      type: string
      data: { id: string; site: string; rule: string; subject: object; lossUsdPerHour: number }
    }
    return { messageId: r.headers['webhook-id'], ...body }
  })

test('an alert reaches its receiver once when it begins and once when it ends, with one alert id', async () => {
  const alerting = alertingWith()
  alerting.start()
  fire(alerting)
  for (let s = 20; s < 200; s += 10) alerting.evaluate(at(s, 99))
  resolve(alerting, 200)
  await sent(alerting)
  const [firing, resolved, ...more] = got()
  expect(more).toEqual([])
  expect(firing).toMatchObject({
    type: 'alert.firing',
    timestamp: new Date(at(10, 99).nowMs).toISOString(),
    data: { site: 'north', rule: 'hot', subject: { deviceId: 'miner-01' }, lossUsdPerHour: 0 },
  })
  expect(resolved).toMatchObject({ type: 'alert.resolved', data: { id: firing?.data.id } })
  expect(resolved?.messageId).not.toBe(firing?.messageId)
})

test('killed between writing and sending, the next collector sends the same message', async () => {
  const killed = alertingWith()
  fire(killed)
  await killed.announced()
  const [alert] = killed.firing()
  const next = alertingWith()
  next.start()
  await sent(next)
  expect(got()).toMatchObject([{ type: 'alert.firing', data: { id: alert?.id } }])
})

test('killed between the state and the outbox, the next collector still sends the message', async () => {
  const killed = alertingWith()
  fire(killed)
  await killed.announced()
  const [alert] = killed.firing()
  const file = join(folder, 'data', 'alerts-state.json')
  const state = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(
    file,
    JSON.stringify({ ...state, events: [{ type: 'firing', alert, atMs: at(10, 99).nowMs }] }),
  )
  rmSync(join(folder, 'data', 'alerts-outbox.jsonl'))
  const next = alertingWith()
  next.start()
  await sent(next)
  expect(got()).toMatchObject([{ messageId: `msg_${alert?.id}_firing` }])
})

test('a restart sends nothing twice, keeps the firing alerts, and resolves them under their ids', async () => {
  const before = alertingWith()
  before.start()
  fire(before)
  await sent(before)
  await before.stop()
  const after = alertingWith()
  after.start()
  expect(after.firing()).toEqual(before.firing())
  for (let s = 20; s < 100; s += 10) after.evaluate(at(s, 99))
  resolve(after, 100)
  await sent(after)
  const all = got()
  expect(all.map(({ type }) => type)).toEqual(['alert.firing', 'alert.resolved'])
  expect(new Set(all.map(({ data }) => data.id)).size).toBe(1)
})

test('a silent agent never resolves an alert of its devices, over a restart too', async () => {
  const before = alertingWith()
  fire(before)
  const ids = before.firing().map((a) => a.id)
  const silent = (s: number) =>
    situation(s, { agents: [agent({ silentS: s })], devices: [miner({ stale: true, tempC: 20 })] })
  for (let s = 20; s < 600; s += 10) before.evaluate(silent(s))
  expect(before.firing().map((a) => a.id)).toEqual(expect.arrayContaining(ids))
  await before.announced()
  const after = alertingWith()
  // the broker forgot, the agent is gone: no message names the device
  for (let s = 600; s < 1200; s += 10) after.evaluate(situation(s, { agents: [] }))
  expect(
    after
      .firing()
      .map((a) => a.rule)
      .sort(),
  ).toEqual(['agent-silent', 'hot'])
})

test('a receiver hears only what it asked for', async () => {
  const alerting = alertingWith({ minSeverity: 'critical', sendResolved: false })
  alerting.start()
  fire(alerting)
  const overLimit = { site: { powerW: 2e6, powerLimitW: 1e6 } }
  for (let s = 20; s <= 100; s += 10) alerting.evaluate(at(s, 99, overLimit))
  for (let s = 110; s <= 300; s += 10) alerting.evaluate(at(s, 60, { site: { powerW: 1, powerLimitW: 1e6 } }))
  await sent(alerting)
  expect(alerting.firing()).toEqual([])
  expect(got().map(({ type, data }) => [type, data.rule])).toEqual([
    ['alert.firing', 'site-power-over-limit'],
  ])
})

test('a state file that cannot be read is a warning, not the end', async () => {
  const file = join(folder, 'data', 'alerts-state.json')
  const alerting = alertingWith()
  fire(alerting)
  await alerting.announced()
  expect(existsSync(file)).toBe(true)
  writeFileSync(file, '{"firing": [{')
  expect(alertingWith().firing()).toEqual([])
})

test('a receiver that is down costs the evaluation nothing and hears everything later, in order', async () => {
  await receiver.down()
  const alerting = alertingWith()
  alerting.start()
  fire(alerting)
  resolve(alerting, 20)
  fire(alerting, 40)
  await vi.waitFor(() => expect(alerting.deliveries()[0]?.attempts.length).toBeGreaterThan(0))
  await receiver.up()
  await sent(alerting)
  const all = got()
  expect(all.map(({ type }) => type)).toEqual(['alert.firing', 'alert.resolved', 'alert.firing'])
  expect(all[2]?.data.id).not.toBe(all[0]?.data.id)
})
