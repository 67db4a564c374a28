import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import fc from 'fast-check'
import { generate } from 'mqtt-packet'
import { afterEach, expect, it, vi } from 'vitest'
import { limitPackets, PacketSizes } from '../../../collector/broker/packet-limit.ts'

const publish = (bytes: number): Buffer =>
  generate({
    cmd: 'publish',
    topic: 't',
    payload: Buffer.alloc(bytes),
    qos: 0,
    dup: false,
    retain: false,
  })

it('the first packet that is too large is told, however the stream is cut (property)', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 40_000 }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 10, max: 40_000 }),
      (payloads, cuts, most) => {
        const stream = Buffer.concat([
          ...payloads.map(publish),
          // one without a length field of its own bytes
          generate({ cmd: 'pingreq' }),
        ])
        const sizes = new PacketSizes()
        let told: number | undefined
        for (let at = 0, i = 0; at < stream.length && told === undefined; i++) {
          const end = at + (cuts[i % cuts.length] as number)
          told = sizes.over(stream.subarray(at, end), most)
          at = end
        }
        // topic: two bytes of length and one of text
        expect(told).toBe(payloads.map((bytes) => bytes + 3).find((bytes) => bytes > most))
      },
    ),
  )
})

it('a length of more than four digits can’t be (MQTT 3.1.1, 2.2.3)', () => {
  expect(new PacketSizes().over(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]), 1e9)).toBe(
    Number.POSITIVE_INFINITY,
  )
})

afterEach(() => vi.useRealTimers())

it('packets that come too fast are left unread for a while, and read then; what was saved up is read at once', () => {
  vi.useFakeTimers()
  const pieces: Buffer[] = []
  const socket = Object.assign(new EventEmitter(), {
    destroyed: false,
    read: () => pieces.shift() ?? null,
    destroy: () => undefined,
  })
  const bounds = { mostBytes: () => 100, perS: () => 10, onRefused: () => undefined }
  limitPackets(socket as unknown as Socket, bounds, () => Date.now())
  let seen = 0
  socket.on('readable', () => {
    for (let piece = socket.read(); piece !== null; piece = socket.read()) seen += piece.length
  })
  const ping = generate({ cmd: 'pingreq' })
  const send = (packets: number) => {
    for (let i = 0; i < packets; i++) pieces.push(ping)
    socket.emit('readable')
  }
  send(150)
  expect(seen / ping.length).toBe(100)
  vi.advanceTimersByTime(1000)
  expect(seen / ping.length).toBe(110)
  vi.advanceTimersByTime(5000)
  expect(seen / ping.length).toBe(150)
})
