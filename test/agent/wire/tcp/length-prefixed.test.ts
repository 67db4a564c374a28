import { expect, test } from 'vitest'
import { LengthPrefixedTcp } from '../../../../agent/wire/tcp/length-prefixed.ts'
import { soon } from '../../asic-harness.ts'
import { framed } from '../../framed-machine.ts'
import { closeMachines, framedMachine } from '../../machines.ts'

closeMachines()

const question = (cmd: string) => JSON.stringify({ cmd })

test('an answer in single bytes is put together, its end found by its length', async () => {
  const text = JSON.stringify({ code: 0, msg: 'Zürich'.repeat(50) })
  const machine = await framedMachine({ answers: { a: text, b: '{}' }, pieceBytes: 1 })
  const link = new LengthPrefixedTcp(machine)
  expect(await link.ask(question('a'), soon())).toBe(text)
  expect(await link.ask(question('b'), soon())).toBe('{}')
  expect(machine.connections).toBe(1)
  link.close()
})

test('an empty answer is an answer', async () => {
  const link = new LengthPrefixedTcp(await framedMachine({ answers: { a: '' } }))
  expect(await link.ask(question('a'), soon())).toBe('')
  link.close()
})

test('silence ends at the deadline, and what comes late is not taken for the next answer', async () => {
  const machine = await framedMachine({ answers: { b: 'right' }, silent: ['a'] })
  const link = new LengthPrefixedTcp(machine)
  await expect(link.ask(question('a'), AbortSignal.timeout(30))).rejects.toThrow(
    /^no reply in \d+ ms from 127\.0\.0\.1:\d+; check power and API access$/,
  )
  expect(await link.ask(question('b'), soon())).toBe('right')
  expect(machine.connections).toBe(2)
  link.close()
})

test('an answer that stops in the middle is an error of its own', async () => {
  const machine = await framedMachine({
    answers: { a: framed('x'.repeat(100)).subarray(0, 50) },
    oneShot: true,
  })
  await expect(new LengthPrefixedTcp(machine).ask(question('a'), soon())).rejects.toThrow(
    `the reply of 127.0.0.1:${machine.port} stopped after 50 bytes; check the network and the miner's load`,
  )
})

test.each([
  ['announces 4294967295 bytes', Buffer.from([255, 255, 255, 255, 0x7b])],
  // not a length: a web server's `HTTP`
  ['announces 1347703880 bytes', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['is longer than it announces', Buffer.concat([framed('{}'), Buffer.from('rest')])],
])('an answer that %s is refused', async (what, bytes) => {
  const machine = await framedMachine({ answers: { a: bytes } })
  await expect(new LengthPrefixedTcp(machine).ask(question('a'), soon())).rejects.toThrow(
    `the reply of 127.0.0.1:${machine.port} ${what}; check what listens there`,
  )
  await expect.poll(() => machine.open()).toEqual([])
})

test('a port that nobody listens at, and a peer that hangs up, are told apart', async () => {
  const machine = await framedMachine({ answers: { a: Buffer.alloc(0) }, oneShot: true })
  const { host, port } = machine
  await expect(new LengthPrefixedTcp({ host, port }).ask(question('a'), soon())).rejects.toThrow(
    `${host}:${port} closed the connection without a reply; check the API access list`,
  )
  await machine.close()
  const link = new LengthPrefixedTcp({ host, port })
  await expect(link.ask(question('a'), soon())).rejects.toThrow(
    `connection refused by ${host}:${port}; check that the miner runs and its API is enabled`,
  )
})

test('a wait that has ended before it began asks nothing', async () => {
  const machine = await framedMachine({ answers: {} })
  await expect(new LengthPrefixedTcp(machine).ask(question('a'), AbortSignal.abort())).rejects.toThrow(
    'no reply',
  )
  expect(machine.requests).toEqual([])
})
