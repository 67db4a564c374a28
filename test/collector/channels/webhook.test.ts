import type { LookupFunction } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, test } from 'vitest'
import webhook, { openWebhook } from '../../../collector/channels/webhook.ts'
import type { OutgoingMessage } from '../../../collector/plugin/channel.ts'
import { explainZodError } from '../../../protocol/kit/explain.ts'
import { WebhookReceiver } from '../../webhook-receiver.ts'

const SECRET = `whsec_${Buffer.alloc(32, 'a').toString('base64')}`
const OLD_SECRET = `whsec_${Buffer.alloc(24, 'b').toString('base64')}`
const LOOPBACK = ['127.0.0.0/8']

const message: OutgoingMessage = {
  id: 'msg_1f0c_firing',
  type: 'alert.firing',
  atMs: Date.UTC(2026, 0, 15, 12),
  data: { rule: 'hot', summary: 'miner-01 is at 99 °C' },
}

const receivers: WebhookReceiver[] = []
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.down()
})
async function receiverThat(always?: WebhookReceiver['always']): Promise<WebhookReceiver> {
  const receiver = await WebhookReceiver.start()
  receivers.push(receiver)
  if (always) receiver.always = always
  return receiver
}

const resolvesTo =
  (...addresses: string[]): LookupFunction =>
  (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

const send = (
  settings: object,
  {
    lookup,
    signal,
    now,
    data,
  }: {
    lookup?: LookupFunction
    signal?: AbortSignal
    now?: () => number
    data?: unknown
  } = {},
) =>
  openWebhook(
    webhook.settings.parse({ secret: SECRET, ...settings }),
    { version: '1.2.3', nowMs: now ?? Date.now },
    lookup,
  ).send({ ...message, ...(data !== undefined && { data }) }, signal ?? AbortSignal.timeout(120_000))

describe('the request', () => {
  test('is what Standard Webhooks asks for, and its signature convinces an independent judge', async () => {
    const receiver = await receiverThat()
    const result = await send({ url: receiver.url, allowPrivate: LOOPBACK })
    expect(result).toEqual({ outcome: 'delivered', status: 204 })
    const [request] = receiver.requests
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'perwatt/1.2.3',
      'webhook-id': message.id,
    })
    const verified = new Webhook(SECRET).verify(
      request?.body ?? '',
      request?.headers as Record<string, string>,
    )
    expect(verified).toEqual({
      type: 'alert.firing',
      timestamp: '2026-01-15T12:00:00.000Z',
      data: message.data,
    })
    expect(() =>
      new Webhook(SECRET).verify(`${request?.body} `, request?.headers as Record<string, string>),
    ).toThrow()
  })

  test('is signed with both secrets while keys change', async () => {
    const receiver = await receiverThat()
    await send({ url: receiver.url, allowPrivate: LOOPBACK, secret: `${SECRET} ${OLD_SECRET}` })
    const [request] = receiver.requests
    expect(request?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/)
    for (const secret of [SECRET, OLD_SECRET])
      expect(
        new Webhook(secret).verify(request?.body ?? '', request?.headers as Record<string, string>),
      ).toBeTruthy()
  })

  test('carries the time of the attempt, not of the alert', async () => {
    const receiver = await receiverThat()
    const attemptMs = message.atMs + 7_200_900
    await send({ url: receiver.url, allowPrivate: LOOPBACK }, { now: () => attemptMs })
    expect(receiver.requests[0]?.headers['webhook-timestamp']).toBe(String(message.atMs / 1000 + 7200))
  })

  test('is not made where the body would be over 20 kB', async () => {
    const receiver = await receiverThat()
    const result = await send(
      { url: receiver.url, allowPrivate: LOOPBACK },
      { data: { text: 'x'.repeat(20_000) } },
    )
    expect(result).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('at most 20000') })
    expect(receiver.requests).toEqual([])
  })
})

describe('the answer', () => {
  const answerTo = async (always: WebhookReceiver['always'], now?: () => number) => {
    const receiver = await receiverThat(always)
    return send({ url: receiver.url, allowPrivate: LOOPBACK }, now ? { now } : {})
  }

  test.each([
    [200, 'delivered'],
    [202, 'delivered'],
    [400, 'refused'],
    [401, 'retry'],
    [404, 'retry'],
    [410, 'gone'],
    [413, 'refused'],
    [500, 'retry'],
    [503, 'retry'],
  ])('%d means %s', async (status, outcome) => {
    expect(await answerTo({ status })).toMatchObject({ outcome })
  })

  test.each([429, 502, 504])('%d without Retry-After slows the sender down', async (status) => {
    expect(await answerTo({ status })).toMatchObject({ outcome: 'retry', retryAfterMs: 30_000 })
  })

  test('500 says nothing of when to come back', async () => {
    const result = await answerTo({ status: 500, body: 'database\n is away' })
    expect(result).toEqual({
      outcome: 'retry',
      reason: expect.stringMatching(
        /^http:\/\/127\.0\.0\.1:\d+ answers 500 \(database is away\), a fault of the server; look into its log$/,
      ),
    })
  })

  test.each([
    ['90', 90_000],
    ['0.65', 650],
    ['Thu, 15 Jan 2026 12:02:00 GMT', 120_000],
    ['Thu, 15 Jan 2026 11:00:00 GMT', 0],
  ])('Retry-After: %s is %d ms', async (value, retryAfterMs) => {
    const headers = { 'retry-after': value }
    expect(await answerTo({ status: 503, headers }, () => message.atMs)).toMatchObject({ retryAfterMs })
  })

  test('an unreadable Retry-After is none', async () => {
    expect(await answerTo({ status: 503, headers: { 'retry-after': 'soon' } })).not.toHaveProperty(
      'retryAfterMs',
    )
  })

  test('a redirect is a failure and is not followed', async () => {
    const target = await receiverThat()
    expect(await answerTo({ status: 307, headers: { location: target.url } })).toMatchObject({
      outcome: 'retry',
      reason: expect.stringContaining('307'),
    })
    expect(target.requests).toEqual([])
  })

  test('a long body is cut, and one that never ends is not waited for', async () => {
    const long = await answerTo({ status: 500, body: 'x'.repeat(1e6) })
    expect((long as { reason: string }).reason.length).toBeLessThan(300)
    expect(await answerTo('drip')).toMatchObject({ outcome: 'retry' })
  })

  test('none before the signal ends is a failure, and so is a closed port', async () => {
    const receiver = await receiverThat('hang')
    const signal = AbortSignal.timeout(50)
    expect(await send({ url: receiver.url, allowPrivate: LOOPBACK }, { signal })).toMatchObject({
      outcome: 'retry',
    })
    await receiver.down()
    expect(await send({ url: receiver.url, allowPrivate: LOOPBACK })).toMatchObject({
      outcome: 'retry',
      reason: expect.stringContaining('refuses the connection'),
    })
  })
})

describe('the address guard', () => {
  const named = (port: number) => `http://hooks.example:${port}/hook`

  test('refuses a name that resolves to a private address, and connects to nothing', async () => {
    const receiver = await receiverThat()
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.1.2.3', 'fd00::1', '64:ff9b::7f00:1'])
      expect(await send({ url: named(receiver.port) }, { lookup: resolvesTo(address) })).toMatchObject({
        outcome: 'retry',
        reason: expect.stringContaining(`hooks.example: ${address} is not a public address`),
      })
    expect(receiver.requests).toEqual([])
  })

  test('asks again at each attempt: a name that turns private later is refused then', async () => {
    const receiver = await receiverThat()
    let address = '127.0.0.1'
    const lookup: LookupFunction = (host, options, callback) => resolvesTo(address)(host, options, callback)
    const settings = { url: named(receiver.port), allowPrivate: ['127.0.0.1/32'] }
    expect(await send(settings, { lookup })).toMatchObject({ outcome: 'delivered' })
    address = '127.0.0.2'
    expect(await send(settings, { lookup })).toMatchObject({ outcome: 'retry' })
    expect(receiver.requests).toHaveLength(1)
  })

  test('refuses a name that has one private address among public ones', async () => {
    const lookup = resolvesTo('8.8.8.8', '10.0.0.1')
    expect(await send({ url: named(80) }, { lookup })).toMatchObject({
      reason: expect.stringContaining('10.0.0.1'),
    })
  })

  test('refuses link-local and metadata addresses whatever is allowed', async () => {
    const allowPrivate = ['0.0.0.0/0', '::/0']
    for (const address of [
      '169.254.169.254',
      '::ffff:169.254.169.254',
      'fe80::1',
      '100.100.100.200',
      'fd00:ec2::254',
      '0.0.0.0',
    ])
      expect(await send({ url: named(80), allowPrivate }, { lookup: resolvesTo(address) })).toMatchObject({
        outcome: 'retry',
        reason: expect.stringContaining('is never asked'),
      })
  })
})

describe('the settings', () => {
  const faults = (input: object) => {
    const result = webhook.settings.safeParse({
      secret: SECRET,
      url: 'https://hooks.example/x',
      ...input,
    })
    return result.success ? [] : explainZodError(result.error, input)
  }

  test('take a public receiver as it is', () => {
    expect(faults({})).toEqual([])
  })

  test.each([
    'http://127.0.0.1/x',
    'http://0x7f.1/x',
    'http://2130706433/x',
    'http://[::1]/x',
    'http://10.0.0.9/x',
  ])('refuse %s, unless its range is allowed', (url) => {
    expect(faults({ url })).toEqual([expect.stringMatching(/^url: .* add its range to allowPrivate/)])
    expect(faults({ url, allowPrivate: ['127.0.0.0/8', '10.0.0.0/24', '::1/128'] })).toEqual([])
  })

  test.each([
    [{ url: 'http://169.254.169.254/latest', allowPrivate: ['169.254.0.0/16'] }, /^url: .*is never asked/],
    [{ url: 'https://user:pass@hooks.example/' }, /^url: holds a user/],
    [{ url: 'ftp://hooks.example/' }, /^url: expected an http/],
    [{ secret: 'hunter2hunter2' }, /^secret: expected whsec_/],
    [{ secret: 'whsec_c2hvcnQ=' }, /^secret: expected whsec_/],
    [{ allowPrivate: ['10.0.0.0/33'] }, /^allowPrivate\[0\]: expected a range/],
    [{ allowPrivate: ['10.0.0.1'] }, /^allowPrivate\[0\]: expected a range/],
    [{ urls: 'x' }, /^urls: is not a setting here/],
  ])('refuse %o with a line that says why', (input, line) => {
    expect(faults(input)).toContainEqual(expect.stringMatching(line))
  })

  test('never print the secret', () => {
    expect(faults({ secret: 'hunter2hunter2' }).join()).not.toContain('hunter2')
    expect(
      JSON.stringify(webhook.settings.parse({ url: 'https://hooks.example/', secret: SECRET })),
    ).not.toContain(SECRET)
  })
})
