import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ModbusTcp } from '../../../agent/wire/modbus.ts'
import { type ModbusServer, serveModbus } from '../modbus-server.ts'

let server: ModbusServer
let modbus: ModbusTcp
const never = new AbortController().signal

beforeEach(async () => {
  server = await serveModbus()
  modbus = new ModbusTcp({ host: '127.0.0.1', port: server.port, unit: 7 })
})
afterEach(async () => {
  modbus.close()
  await server.close()
})

test('function 3 reads holding registers and function 4 input registers, over one connection', async () => {
  server.holding.writeUInt32BE(0x01020304, 2 * 100)
  server.input.writeUInt32BE(0x0a0b0c0d, 2 * 100)
  expect((await modbus.read(3, 100, 2, never)).toString('hex')).toBe('01020304')
  expect((await modbus.read(4, 100, 2, never)).toString('hex')).toBe('0a0b0c0d')
  expect(server.connections).toBe(1)
})

test.each([
  [2, 'unit 7 at 127.0.0.1:PORT answers "illegal data address" (exception 2) to function 4, register 40'],
  [11, '"gateway target device failed to respond" (exception 11)'],
])('exception %d is named, and the connection is kept', async (code, words) => {
  server.exception = code
  await expect(modbus.read(4, 40, 2, never)).rejects.toMatchObject({
    code: 'modbus-exception',
    message: expect.stringContaining(words.replace('PORT', String(server.port))),
  })
  server.exception = undefined
  await expect(modbus.read(4, 40, 2, never)).resolves.toHaveLength(4)
  expect(server.connections).toBe(1)
})

test('an exception code that the library does not know ends the connection, not the agent', async () => {
  server.exception = 99
  await expect(modbus.read(4, 40, 2, never)).rejects.toThrow(
    /it answers [0-9a-f]+078463, which is not Modbus TCP/,
  )
  server.exception = undefined
  await expect(modbus.read(4, 40, 2, never)).resolves.toHaveLength(4)
  expect(server.connections).toBe(2)
})

test('silence lasts until the deadline; the next read has a new connection', async () => {
  server.silent = true
  const signal = AbortSignal.timeout(100)
  await expect(modbus.read(3, 0, 1, signal)).rejects.toMatchObject({ name: 'TimeoutError' })
  server.silent = false
  await expect(modbus.read(3, 0, 1, never)).resolves.toHaveLength(2)
  expect(server.connections).toBe(2)
  await expect.poll(() => server.open()).toBe(1)
})

test('a unit that is not there is silence', async () => {
  server.unit = 1
  const signal = AbortSignal.timeout(100)
  await expect(modbus.read(3, 0, 1, signal)).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('a connection that is cut in mid-question is an error at once, and the next read connects again', async () => {
  server.silent = true
  const reading = modbus.read(3, 0, 1, never)
  const failed = expect(reading).rejects.toMatchObject({ code: 'unreachable' })
  await expect.poll(() => server.open()).toBe(1)
  server.cut()
  await failed
  server.silent = false
  await expect(modbus.read(3, 0, 1, never)).resolves.toHaveLength(2)
})

test('a connection that was closed between two reads is opened again', async () => {
  await modbus.read(3, 0, 1, never)
  server.cut()
  await expect.poll(() => server.open()).toBe(0)
  await expect.poll(() => modbus.read(3, 0, 1, never).then((bytes) => bytes.length, String)).toBe(2)
})

test('a refused connection says who and what to check', async () => {
  await server.close()
  await expect(modbus.read(3, 0, 1, never)).rejects.toThrow(
    new RegExp(`unit 7 at 127.0.0.1:${server.port}: .*ECONNREFUSED.*; check power, network`),
  )
})

test('a peer that speaks something else costs no more than the deadline', async () => {
  const chatter = createServer((socket) => {
    socket.on('error', () => {})
    socket.resume().write('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  await new Promise<void>((resolve) => chatter.listen(0, '127.0.0.1', resolve))
  const { port } = chatter.address() as { port: number }
  const other = new ModbusTcp({ host: '127.0.0.1', port, unit: 1 })
  const signal = AbortSignal.timeout(100)
  await expect(other.read(3, 0, 1, signal)).rejects.toMatchObject({ name: 'TimeoutError' })
  await new Promise((resolve) => chatter.close(resolve))
})

test('an ended signal opens no connection', async () => {
  await expect(modbus.read(3, 0, 1, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
  expect(server.connections).toBe(0)
})
