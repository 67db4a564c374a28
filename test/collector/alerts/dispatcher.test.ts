import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Dispatcher, type DispatcherOptions, type Receiver } from '../../../collector/alerts/dispatcher.ts'
import { Outbox } from '../../../collector/alerts/outbox.ts'
import webhook from '../../../collector/channels/webhook.ts'
import type { OutgoingMessage } from '../../../collector/plugin/channel.ts'
import { createLog, type Log, SILENT } from '../../../protocol/kit/log.ts'
import { DEADLINE_MS, keepDeadlines } from '../../deadlines.ts'
import { WebhookReceiver } from '../../webhook-receiver.ts'

const SECRET = `whsec_${Buffer.alloc(32, 'a').toString('base64')}`
const to = (name: string, receiver: WebhookReceiver): Receiver => ({
  name,
  session: webhook.open(
    webhook.settings.parse({ url: receiver.url, secret: SECRET, allowPrivate: ['127.0.0.0/8'] }),
    { version: '0.0.0', nowMs: Date.now },
  ),
})
const message = (id: string): OutgoingMessage => ({ id, type: 'alert.firing', atMs: 1, data: {} })
const ids = (receiver: WebhookReceiver) => receiver.requests.map((r) => r.headers['webhook-id'])

let folder = ''
const receivers: WebhookReceiver[] = []
const dispatchers: Dispatcher[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-dispatcher-'))
})
afterEach(async () => {
  for (const dispatcher of dispatchers.splice(0)) await dispatcher.stop()
  for (const receiver of receivers.splice(0)) await receiver.down()
  rmSync(folder, { recursive: true })
})

async function receive(): Promise<WebhookReceiver> {
  const receiver = await WebhookReceiver.start()
  receivers.push(receiver)
  return receiver
}
const openOutbox = () => new Outbox({ file: join(folder, 'outbox.jsonl'), log: SILENT })
/** Quick repeats, without chance: the whole wait each time. */
function dispatch(options: Partial<DispatcherOptions> & Pick<DispatcherOptions, 'receivers'>): Dispatcher {
  const dispatcher = new Dispatcher({
    outbox: options.outbox ?? openOutbox(),
    log: SILENT,
    random: () => 1,
    scheduleMs: [0, 5, 5, 5],
    deadlineMs: DEADLINE_MS,
    ...options,
  })
  dispatchers.push(dispatcher)
  dispatcher.start()
  return dispatcher
}
const stateOf = (dispatcher: Dispatcher, name: string) =>
  dispatcher.deliveries().find((d) => d.receiver === name)
const settled = (dispatcher: Dispatcher, name: string) =>
  vi.waitFor(() => expect(stateOf(dispatcher, name)?.queued).toBe(0))
function recordingLog(): { log: Log; events: () => string[] } {
  const lines: string[] = []
  return {
    log: createLog({ write: (line) => lines.push(line) }),
    events: () => lines.map((line) => JSON.parse(line).event),
  }
}

describe('one receiver', () => {
  test('gets each message once, in order', async () => {
    const receiver = await receive()
    const dispatcher = dispatch({ receivers: [to('ops', receiver)] })
    const all = Array.from({ length: 20 }, (_, i) => String(i))
    await dispatcher.enqueue('ops', all.slice(0, 10).map(message))
    await dispatcher.enqueue('ops', all.slice(10).map(message))
    await settled(dispatcher, 'ops')
    expect(ids(receiver)).toEqual(all)
  })

  test('that fails is tried again with the same id, and what waits behind keeps its place', async () => {
    const receiver = await receive()
    receiver.next.push({ status: 500 }, { status: 500 })
    const { log, events } = recordingLog()
    const dispatcher = dispatch({ receivers: [to('ops', receiver)], log })
    await dispatcher.enqueue('ops', ['1', '2'].map(message))
    await settled(dispatcher, 'ops')
    expect(ids(receiver)).toEqual(['1', '1', '1', '2'])
    expect(new Set(receiver.requests.slice(0, 3).map((r) => r.body)).size).toBe(1)
    expect(events()).toEqual(['receiver-failing', 'receiver-recovered'])
    expect(stateOf(dispatcher, 'ops')?.attempts.map((a) => a.outcome)).toEqual([
      'retry',
      'retry',
      'delivered',
      'delivered',
    ])
  })

  test('that was down gets everything when it is up again', async () => {
    const receiver = await receive()
    await receiver.down()
    const dispatcher = dispatch({
      receivers: [to('ops', receiver)],
      scheduleMs: Array.from({ length: 2000 }, () => 5),
    })
    await dispatcher.enqueue('ops', ['1', '2'].map(message))
    await vi.waitFor(() => expect(stateOf(dispatcher, 'ops')?.attempts.length).toBeGreaterThan(1))
    await receiver.up()
    await settled(dispatcher, 'ops')
    expect(ids(receiver)).toEqual(['1', '2'])
  })

  test('that is down is tried before its time when a new message comes, and that try is not counted', async () => {
    const receiver = await receive()
    receiver.next.push({ status: 500 }, { status: 500 }, { status: 500 })
    const dispatcher = dispatch({
      receivers: [to('ops', receiver)],
      scheduleMs: [0, 86_400_000],
      probeMs: 1,
    })
    for (const id of ['1', '2', '3']) {
      await dispatcher.enqueue('ops', [message(id)])
      await vi.waitFor(() => expect(stateOf(dispatcher, 'ops')?.attempts).toHaveLength(Number(id)))
    }
    await dispatcher.enqueue('ops', [message('4')])
    await settled(dispatcher, 'ops')
    expect(ids(receiver)).toEqual(['1', '1', '1', '1', '2', '3', '4'])
    expect(stateOf(dispatcher, 'ops')?.deadLetters).toEqual([])
  })

  test('that asks for time with Retry-After gets it, and no new message cuts it short', async () => {
    const receiver = await receive()
    receiver.next.push({ status: 429, headers: { 'retry-after': '3600' } })
    const other = await receive()
    const dispatcher = dispatch({
      receivers: [to('ops', receiver), to('other', other)],
      scheduleMs: [0, 0, 0],
      probeMs: 0,
    })
    await dispatcher.enqueue('ops', [message('1')])
    await vi.waitFor(() => expect(stateOf(dispatcher, 'ops')?.attempts).toHaveLength(1))
    await dispatcher.enqueue('ops', [message('2')])
    // what another receiver is sent after it has arrived
    await dispatcher.enqueue('other', [message('3')])
    await settled(dispatcher, 'other')
    expect(ids(receiver)).toEqual(['1'])
    expect(stateOf(dispatcher, 'ops')).toMatchObject({
      queued: 2,
      attempts: [{ retryInMs: 3_600_000 }],
    })
  })

  test('with a short Retry-After is tried again when it is over', async () => {
    const receiver = await receive()
    receiver.next.push({ status: 429, headers: { 'retry-after': '0.02' } })
    const dispatcher = dispatch({ receivers: [to('ops', receiver)] })
    await dispatcher.enqueue('ops', [message('1')])
    await settled(dispatcher, 'ops')
    expect(ids(receiver)).toEqual(['1', '1'])
  })

  test('that takes a request and never answers is given up at the deadline and tried again', async () => {
    const receiver = await receive()
    receiver.next.push('hang')
    const dispatcher = dispatch({ receivers: [to('ops', receiver)] })
    const expire = keepDeadlines()
    await dispatcher.enqueue('ops', [message('1')])
    await vi.waitFor(() => expect(ids(receiver)).toEqual(['1']))
    expire()
    await settled(dispatcher, 'ops')
    expect(ids(receiver)).toEqual(['1', '1'])
    expect(stateOf(dispatcher, 'ops')?.attempts[0]?.reason).toBe(`no answer in ${DEADLINE_MS} ms`)
  })

  test('that never takes a message gets it as often as the schedule says, then it is a dead letter', async () => {
    const receiver = await receive()
    receiver.next.push(...Array.from({ length: 4 }, () => ({ status: 500 })))
    const { log, events } = recordingLog()
    const dispatcher = dispatch({ receivers: [to('ops', receiver)], log })
    await dispatcher.enqueue('ops', ['1', '2'].map(message))
    await settled(dispatcher, 'ops')
    expect(ids(receiver)).toEqual(['1', '1', '1', '1', '2'])
    expect(stateOf(dispatcher, 'ops')?.deadLetters).toMatchObject([
      {
        message: { id: '1' },
        reason: expect.stringMatching(/ answers 500, a fault of the server; look into its log$/),
      },
    ])
    expect(events()).toContain('message-undeliverable')
    expect(dispatcher.replay('ops')).toBe(1)
    await settled(dispatcher, 'ops')
    expect(ids(receiver)).toEqual(['1', '1', '1', '1', '2', '1'])
    expect(stateOf(dispatcher, 'ops')?.deadLetters).toEqual([])
  })

  test('that calls a message bad does not get it again', async () => {
    const receiver = await receive()
    receiver.next.push({ status: 400 })
    const dispatcher = dispatch({ receivers: [to('ops', receiver)] })
    await dispatcher.enqueue('ops', ['1', '2'].map(message))
    await settled(dispatcher, 'ops')
    expect(ids(receiver)).toEqual(['1', '2'])
    expect(stateOf(dispatcher, 'ops')?.deadLetters).toHaveLength(1)
  })

  test('that is gone gets nothing more, says so, and keeps its messages for the next start', async () => {
    const receiver = await receive()
    receiver.next.push({ status: 410 })
    const { log, events } = recordingLog()
    const dispatcher = dispatch({ receivers: [to('ops', receiver)], log })
    await dispatcher.enqueue('ops', ['1', '2'].map(message))
    await vi.waitFor(() =>
      expect(stateOf(dispatcher, 'ops')?.disabled).toMatch(/ answers 410, gone for good; /),
    )
    await dispatcher.enqueue('ops', [message('3')])
    await dispatcher.stop()
    expect(ids(receiver)).toEqual(['1'])
    expect(events()).toEqual(['receiver-disabled'])
    const again = dispatch({ receivers: [to('ops', receiver)] })
    await settled(again, 'ops')
    expect(ids(receiver)).toEqual(['1', '1', '2', '3'])
  })

  test('is remembered for its last 100 attempts', async () => {
    const receiver = await receive()
    const dispatcher = dispatch({ receivers: [to('ops', receiver)] })
    await dispatcher.enqueue(
      'ops',
      Array.from({ length: 105 }, (_, i) => message(String(i))),
    )
    await settled(dispatcher, 'ops')
    const attempts = stateOf(dispatcher, 'ops')?.attempts ?? []
    expect(attempts).toHaveLength(100)
    expect(attempts.at(-1)).toMatchObject({ messageId: '104', outcome: 'delivered', status: 204 })
  })
})

describe('two receivers', () => {
  test('where one fails, the good one gets each message exactly once', async () => {
    const [good, bad] = [await receive(), await receive()]
    bad.always = { status: 500 }
    const dispatcher = dispatch({ receivers: [to('bad', bad), to('good', good)] })
    for (const name of ['bad', 'good']) await dispatcher.enqueue(name, ['1', '2', '3'].map(message))
    await settled(dispatcher, 'bad')
    await settled(dispatcher, 'good')
    expect(ids(good)).toEqual(['1', '2', '3'])
    expect(ids(bad)).toHaveLength(12)
  })

  test('where one hangs, the other has everything while it hangs', async () => {
    const [good, bad] = [await receive(), await receive()]
    bad.always = 'hang'
    const dispatcher = dispatch({ receivers: [to('bad', bad), to('good', good)], deadlineMs: 20_000 })
    for (const name of ['bad', 'good']) await dispatcher.enqueue(name, ['1', '2', '3'].map(message))
    await settled(dispatcher, 'good')
    await bad.received(1)
    expect(ids(good)).toEqual(['1', '2', '3'])
    expect(stateOf(dispatcher, 'bad')).toMatchObject({ queued: 3, attempts: [] })
  })
})

describe('a stop', () => {
  test('with a receiver that hangs ends, and the next start sends what was left, under the same id', async () => {
    const receiver = await receive()
    receiver.next.push('hang')
    const outbox = openOutbox()
    const dispatcher = dispatch({ receivers: [to('ops', receiver)], outbox, deadlineMs: 600_000 })
    await dispatcher.enqueue('ops', ['1', '2'].map(message))
    await receiver.received(1)
    await dispatcher.stop()
    expect(outbox.head('ops')).toMatchObject({ message: { id: '1' }, attempts: 0 })
    const again = dispatch({ receivers: [to('ops', receiver)] })
    await settled(again, 'ops')
    expect(ids(receiver)).toEqual(['1', '1', '2'])
  })

  test('waits for an answer that is on its way, so that nothing is sent twice', async () => {
    const receiver = await receive()
    receiver.next.push({ status: 204, afterMs: 50 })
    const outbox = openOutbox()
    const dispatcher = dispatch({ receivers: [to('ops', receiver)], outbox })
    await dispatcher.enqueue('ops', [message('1')])
    await receiver.received(1)
    await dispatcher.stop()
    expect(outbox.queued('ops')).toBe(0)
  })

  test('in the middle of a long wait ends it', async () => {
    const receiver = await receive()
    receiver.always = { status: 503, headers: { 'retry-after': '86400' } }
    const dispatcher = dispatch({ receivers: [to('ops', receiver)] })
    await dispatcher.enqueue('ops', [message('1')])
    await vi.waitFor(() => expect(stateOf(dispatcher, 'ops')?.attempts).toHaveLength(1))
    await dispatcher.stop()
    expect(stateOf(dispatcher, 'ops')?.queued).toBe(1)
  })
})

test('messages that were on disk when the collector was killed are sent by the next one', async () => {
  const receiver = await receive()
  await openOutbox().add('ops', ['1', '2'].map(message))
  const dispatcher = dispatch({ receivers: [to('ops', receiver)] })
  await settled(dispatcher, 'ops')
  expect(ids(receiver)).toEqual(['1', '2'])
})

test('messages for a receiver that is no longer configured stay, and the log says so', async () => {
  const { log, events } = recordingLog()
  await openOutbox().add('former', [message('1')])
  const outbox = openOutbox()
  dispatch({ receivers: [], outbox, log })
  expect(events()).toEqual(['receiver-unknown'])
  expect(outbox.queued('former')).toBe(1)
})
