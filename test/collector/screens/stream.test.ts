import { connect, type Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { createServer, type ScreensServer } from '../../../collector/screens/server.ts'
import { FrameSchema } from '../../../collector/views/frame.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { createScene, type Scene } from './scene.ts'

let server: ScreensServer | undefined
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server?.close()
  server = undefined
})

async function start(scene: Scene = createScene(), maxStreams?: number) {
  server = createServer({
    views: scene,
    assets: {},
    log: SILENT,
    version: '1.2.3',
    now: () => scene.nowMs,
    ...(maxStreams === undefined ? {} : { maxStreams }),
  })
  const { port } = await server.listen('127.0.0.1', 0)
  return { server, scene, port }
}

/** A bare HTTP client, so that the test decides when it reads. */
function look(port: number) {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  const state = { text: '', closed: false }
  socket.on('data', (bytes) => {
    state.text += bytes.toString()
  })
  socket.on('close', () => {
    state.closed = true
  })
  socket.on('error', () => {})
  socket.write('GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  const count = (event: string) => state.text.split(`event: ${event}\n`).length - 1
  const until = (event: string, n: number) =>
    vi.waitFor(() => expect(count(event)).toBeGreaterThanOrEqual(n), { interval: 5 })
  const last = (event: string) => {
    const events = state.text.split('\n\n').filter((e) => e.includes(`event: ${event}\n`))
    return JSON.parse(/^data: (.*)$/m.exec(events.at(-1) ?? '')?.[1] ?? 'null')
  }
  return { socket, state, count, until, last }
}

test('a browser gets the version, the trend and a whole frame at once, and a frame at each tick', async () => {
  const { server, scene, port } = await start()
  const client = look(port)
  await client.until('frame', 1)
  expect(client.state.text).toMatch(/retry: 2000\nevent: hello\ndata: \{"version":"1.2.3"\}/)
  expect(client.last('trend')).toEqual(scene.trend())
  expect(FrameSchema.safeParse(client.last('frame')).error).toBeUndefined()
  scene.advance(5_000)
  server.tick()
  await client.until('frame', 2)
  expect(client.last('frame').site.atMs).toBe(scene.nowMs)
  server.trend()
  await client.until('trend', 2)
})

test('a frame is computed and encoded once for all browsers, and never without browsers', async () => {
  const { server, scene, port } = await start()
  const frame = vi.spyOn(scene, 'frame')
  server.tick()
  expect(frame).toHaveBeenCalledTimes(0)
  const clients = [look(port), look(port), look(port)]
  for (const client of clients) await client.until('frame', 1)
  expect(frame).toHaveBeenCalledTimes(1)
  server.tick()
  for (const client of clients) await client.until('frame', 2)
  expect(frame).toHaveBeenCalledTimes(2)
})

test('a browser that stops reading skips frames, delays nobody, and gets the newest one when it reads again', async () => {
  const { server, scene, port } = await start(createScene({ containers: 40, racksPerContainer: 52 }))
  const slow = look(port)
  const quick = look(port)
  await slow.until('frame', 1)
  await quick.until('frame', 1)
  slow.socket.pause()
  const ticks = 120
  for (let i = 2; i <= ticks; i++) {
    scene.advance(100)
    server.tick()
    await quick.until('frame', i)
    quick.state.text = quick.state.text.replaceAll(/data: .*\n/g, '')
  }
  slow.socket.resume()
  await vi.waitFor(() => expect(slow.state.text.includes(`"atMs":${scene.nowMs},`)).toBe(true), {
    timeout: 10_000,
  })
  expect(slow.count('frame')).toBeLessThan(ticks)
  expect(slow.last('frame').site.atMs).toBe(scene.nowMs)
})

test('a browser whose socket takes nothing for a minute is disconnected', async () => {
  const { server, scene, port } = await start(createScene({ containers: 40, racksPerContainer: 52 }))
  const dead = look(port)
  await dead.until('frame', 1)
  dead.socket.pause()
  for (let i = 0; i < 120; i++) {
    scene.advance(1_000)
    server.tick()
    await new Promise(setImmediate)
  }
  dead.socket.resume()
  await vi.waitFor(() => expect(dead.state.closed).toBe(true))
})

test('a browser beyond the limit gets 503 with Retry-After', async () => {
  const { port } = await start(createScene(), 2)
  const first = look(port)
  await first.until('frame', 1)
  await look(port).until('frame', 1)
  const refused = await fetch(`http://127.0.0.1:${port}/api/v1/stream`)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10'])
  expect(await refused.json()).toMatchObject({ error: { code: 'too_many_streams' } })
  first.socket.destroy()
  await vi.waitFor(async () => {
    const again = await fetch(`http://127.0.0.1:${port}/api/v1/stream`)
    await again.body?.cancel()
    expect(again.status).toBe(200)
  })
})

test('a view that throws costs a frame, not the stream', async () => {
  const { server, scene, port } = await start()
  const client = look(port)
  await client.until('frame', 1)
  const frame = scene.frame
  scene.frame = () => {
    throw new Error('no such workload')
  }
  server.tick()
  scene.frame = frame
  server.tick()
  await client.until('frame', 2)
})

test('closing the server ends open streams', async () => {
  const { server, port } = await start()
  const client = look(port)
  await client.until('frame', 1)
  await server.close()
  await vi.waitFor(() => expect(client.state.closed).toBe(true))
})
