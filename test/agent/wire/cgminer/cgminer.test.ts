import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { askCgminer, exchange } from '../../../../agent/wire/cgminer/cgminer.ts'
import { parseReply } from '../../../../agent/wire/cgminer/reply.ts'
import { JsonEnd } from '../../../../agent/wire/loose-json/end-of-json.ts'
import { showAddress } from '../../../../agent/wire/tcp/address.ts'
import { MAX_REPLY_BYTES } from '../../../../agent/wire/tcp/failures.ts'
import { PerwattError } from '../../../../protocol/kit/errors.ts'
import { eventually } from '../../../eventually.ts'
import { closeReplays, replay, soon } from '../../asic-harness.ts'
import type { Delivery, Framing } from '../../replay-server.ts'

closeReplays()

const SUMMARY = {
  STATUS: [{ STATUS: 'S', Msg: 'Summary' }],
  SUMMARY: [{ Elapsed: 7, Name: 'Zürich ⚡ 07' }],
  id: 1,
}
const inUmlaut = Buffer.from(JSON.stringify(SUMMARY)).indexOf(Buffer.from('ü')) + 1

describe('a reply is whole however the miner ends it and the network splits it', () => {
  const framings: Framing[] = ['nul', 'newline', 'eof', 'open']
  const deliveries: Delivery[] = ['whole', 'bytes', { splitAt: inUmlaut }]
  test.each(framings.flatMap((framing) => deliveries.map((delivery) => ({ framing, delivery }))))(
    'ended by $framing, delivered as $delivery',
    async ({ framing, delivery }) => {
      const miner = await replay({ answers: { summary: SUMMARY }, framing, delivery })
      expect(await askCgminer(miner, { command: 'summary' }, soon())).toEqual({
        body: SUMMARY,
        complete: true,
      })
    },
  )

  test.each(framings)('the text form, ended by %s', async (framing) => {
    const miner = await replay({ answers: { summary: 'STATUS=S,When=1|SUMMARY,Elapsed=7|' }, framing })
    const { body } = await askCgminer(miner, { command: 'summary' }, soon())
    expect(body['SUMMARY']).toEqual([{ Elapsed: '7' }])
  })

  test('the request is one JSON object with the extra keys at its top', async () => {
    const miner = await replay({ answers: { stats: SUMMARY } })
    await askCgminer(miner, { command: 'stats', new_api: true }, soon())
    expect(miner.requests).toEqual([{ command: 'stats', new_api: true }])
  })

  test('a reply that is cut by the end of the connection is read as far as it goes, and marked', async () => {
    const miner = await replay({ answers: { summary: SUMMARY }, cutAt: 80 })
    const reply = await askCgminer(miner, { command: 'summary' }, soon())
    expect(reply.complete).toBe(false)
    expect(reply.body['STATUS']).toEqual([{ STATUS: 'S', Msg: 'Summary' }])
  })
})

/** The error of a request, with H:P for its address, because the port differs each time. */
async function failure(work: Promise<unknown>, at?: { host: string; port: number }): Promise<string> {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(PerwattError)
  const { code, message } = error as PerwattError
  return `${code}: ${at ? message.replaceAll(showAddress(at), 'H:P') : message}`
}

describe('a failure is one line: which machine, what happened, what to do next', () => {
  test('nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const at = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
    await new Promise((resolve) => server.close(resolve))
    expect(await failure(exchange(at, { command: 'version' }, soon()), at)).toBe(
      'refused: connection refused by H:P; check that the miner runs and its API is enabled',
    )
  })

  test('a connection that is reset', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const at = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
    const said = await failure(exchange(at, { command: 'version' }, soon()), at)
    await new Promise((resolve) => server.close(resolve))
    expect(said).toBe(
      'no-reply: connection reset by H:P; check the API access list and how many clients poll the miner',
    )
  })

  test('silence until the deadline', async () => {
    const miner = await replay({ answers: {}, silent: ['version'] })
    const asked = exchange(miner, { command: 'version' }, AbortSignal.timeout(50))
    expect(await failure(asked, miner)).toMatch(
      /^no-reply: no reply in \d+ ms from H:P; check power and API access$/,
    )
  })

  test('a deadline that has passed already', async () => {
    const miner = await replay({ answers: {} })
    const asked = exchange(miner, { command: 'version' }, AbortSignal.abort())
    expect(await failure(asked, miner)).toMatch(/^no-reply: no reply in \d+ ms from H:P/)
    expect(miner.requests).toEqual([])
  })

  test('a reply that stalls half way', async () => {
    const miner = await replay({ answers: { summary: SUMMARY }, cutAt: 30, framing: 'open' })
    const fed = vi.spyOn(JsonEnd.prototype, 'feed')
    const deadline = new AbortController()
    const asked = exchange(miner, { command: 'summary' }, deadline.signal)
    // the deadline passes once the first half is there, however slow the machine is
    await eventually(
      () => fed.mock.calls.reduce((bytes, [chunk]) => bytes + chunk.length, 0),
      (bytes) => bytes === 30,
    )
    fed.mockRestore()
    deadline.abort()
    expect(await failure(asked, miner)).toMatch(
      /^no-reply: the reply of H:P to "summary" stopped after 30 bytes, no end in \d+ ms; check the network and the miner's load$/,
    )
  })

  test('a connection that is closed without a word', async () => {
    const miner = await replay({ answers: { version: '' }, framing: 'eof' })
    expect(await failure(exchange(miner, { command: 'version' }, soon()), miner)).toBe(
      'no-reply: H:P closed the connection without a reply; check the API access list',
    )
  })

  test('a reply without end', async () => {
    const endless = Buffer.alloc(MAX_REPLY_BYTES + 2, 0x20)
    const miner = await replay({ answers: { stats: Buffer.concat([Buffer.from('{'), endless]) } })
    expect(await failure(exchange(miner, { command: 'stats' }, soon()), miner)).toBe(
      'too-large: the reply of H:P exceeds 1048576 bytes; check what listens there',
    )
  })

  test('something that is no miner', async () => {
    const miner = await replay({ answers: { version: 'SSH-2.0-OpenSSH_9.2\r\n' }, framing: 'eof' })
    expect(await failure(askCgminer(miner, { command: 'version' }, soon()), miner)).toMatch(
      /^malformed: the reply of H:P to "version" cannot be read: .*; check what listens there$/,
    )
  })

  test.each([
    ['in a list', { STATUS: [{ STATUS: 'E', Code: 45, Msg: 'Access denied to stats command' }] }],
    ['in one row', { STATUS: { STATUS: 'E', Msg: 'Access denied to stats command' } }],
    ['beside the message', { STATUS: 'E', Code: 14, Msg: 'Access denied to stats command' }],
    ['in the text form', 'STATUS=E,When=1,Code=45,Msg=Access denied to stats command|'],
  ])('a refusal, its status %s', async (_, answer) => {
    const miner = await replay({ answers: { stats: answer } })
    expect(await failure(askCgminer(miner, { command: 'stats' }, soon()), miner)).toBe(
      'miner-refused: H:P refuses "stats": Access denied to stats command; check the API access and the firmware',
    )
  })

  test('an IPv6 address is told from its port', () => {
    expect(showAddress({ host: '2001:db8::7', port: 4028 })).toBe('[2001:db8::7]:4028')
  })
})

test('any bytes as a reply give a body or a clear error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        expect(typeof parseReply(text, 'it').body).toBe('object')
      } catch (error) {
        expect(error).toBeInstanceOf(PerwattError)
        expect((error as Error).message).toMatch(/^it cannot be read: .+; check what listens there$/)
      }
    }),
  )
})
