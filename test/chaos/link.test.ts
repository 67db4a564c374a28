import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Link } from './link.ts'

const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket))
let link: Link
let port = 0
const sockets: Socket[] = []

beforeEach(async () => {
  if (!echo.listening) await once(echo.listen(0, '127.0.0.1'), 'listening')
  link = new Link(() => (echo.address() as AddressInfo).port)
  port = await link.listen()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await link.close()
  echo.close()
})

function dial(): Socket {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  return socket.on('error', () => {})
}
async function open(): Promise<Socket> {
  const socket = dial()
  await once(socket, 'connect')
  return socket
}
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))
const heard = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0])

test('carries data in both directions, late where it is slow', async () => {
  link.delayMs = 20
  const socket = await open()
  socket.write('hello')
  expect(await heard(socket)).toBe('hello')
})

test('breaks what is open when it is cut, refuses what comes, and carries again when it is mended', async () => {
  const before = await open()
  before.write('x')
  await heard(before)
  const broken = closed(before)
  link.cut(true)
  await broken
  await closed(dial())
  link.cut(false)
  const after = await open()
  after.write('again')
  expect(await heard(after)).toBe('again')
})

test('stalled, it holds data back without an error, and sends it on when the stall is over', async () => {
  const socket = await open()
  socket.write('one')
  await heard(socket)
  link.stall(true)
  let said = ''
  socket.on('data', (chunk) => {
    said += chunk
  })
  socket.write('two')
  const other = await open()
  other.write('three')
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(said).toBe('')
  link.stall(false)
  expect(await heard(other)).toBe('three')
  await expect.poll(() => said).toBe('two')
})

test('mute, it accepts connections and all data and answers nothing, and resets them in the end', async () => {
  const before = await open()
  before.write('one')
  await heard(before)
  link.mute(true)
  const after = await open()
  let answers = 0
  for (const socket of [before, after]) {
    socket.on('data', () => answers++)
    socket.write('two')
  }
  const ended = Promise.all([closed(before), closed(after)])
  // what is written through the loopback to another link of the same echo has come back by then
  const other = new Link(() => (echo.address() as AddressInfo).port)
  const beside = connect(await other.listen(), '127.0.0.1')
  beside.write('three')
  await heard(beside)
  beside.destroy()
  await other.close()
  link.mute(false)
  await ended
  expect(answers).toBe(0)
  const again = await open()
  again.write('four')
  expect(await heard(again)).toBe('four')
})
