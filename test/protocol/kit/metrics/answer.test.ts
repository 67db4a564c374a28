import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterEach, expect, it } from 'vitest'
import { MetricsAnswer, type Pieces } from '../../../../protocol/kit/metrics/answer.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** @returns the address of a page made of these pieces */
async function serve(make: () => Pieces): Promise<{ url: string; answer: MetricsAnswer }> {
  const answer = new MetricsAnswer(make)
  const server = createServer((request, response) => void answer.answer(request, response))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`, answer }
}

async function* lines(count: number): AsyncGenerator<string, void> {
  for (let i = 0; i < count; i++) yield `x ${i}\n`
}

const asked = (url: string, headers: Record<string, string>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => get(url, { headers, agent: false }, resolve).on('error', reject))
async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

it('gives OpenMetrics with its end, compressed, to a reader that takes both', async () => {
  const { url } = await serve(() => lines(3))
  const response = await asked(url, {
    accept: 'application/openmetrics-text; version=1.0.0',
    'accept-encoding': 'gzip',
  })
  expect(response.headers).toMatchObject({
    'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
    'content-encoding': 'gzip',
    'cache-control': 'no-store',
  })
  expect(gunzipSync(await bodyOf(response)).toString()).toBe('x 0\nx 1\nx 2\n# EOF\n')
})

it('gives Prometheus’ text as it is to a reader that asks for nothing', async () => {
  const { url } = await serve(() => lines(1))
  const response = await asked(url, {})
  expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(response.headers['content-encoding']).toBeUndefined()
  expect((await bodyOf(response)).toString()).toBe('x 0\n')
})

it('makes no more of a page than its reader takes, and ends it when the reader goes', async () => {
  let made = 0
  let ended = 0
  async function* endless(): AsyncGenerator<Buffer, void> {
    try {
      for (;;) {
        made++
        yield Buffer.alloc(64 * 1024)
      }
    } finally {
      ended++
    }
  }
  let pages = 0
  const { url } = await serve(() => (pages++ === 0 ? endless() : lines(1)))
  const slow = await asked(url, {})
  slow.pause()
  let before = -1
  while (before !== made) {
    before = made
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  // what the sockets of both sides hold, and not a gigabyte
  expect(made * 64 * 1024).toBeLessThan(64 * 2 ** 20)
  const next = asked(url, {}).then(bodyOf)
  slow.destroy()
  expect((await next).toString()).toBe('x 0\n')
  expect(ended).toBe(1)
})

it('is made for one reader at a time, and says when too many wait', async () => {
  let open = 0
  let most = 0
  async function* counted(): AsyncGenerator<string, void> {
    most = Math.max(most, ++open)
    yield 'x 1\n'
    await new Promise((resolve) => setImmediate(resolve))
    open--
  }
  const { url, answer } = await serve(counted)
  expect(answer.isFull).toBe(false)
  const all = [1, 2, 3, 4, 5].map(() => asked(url, {}).then(bodyOf))
  for (const body of await Promise.all(all)) expect(body.toString()).toBe('x 1\n')
  expect(most).toBe(1)
})

it('ends the answer where the page can’t be made, and serves the next reader', async () => {
  let pages = 0
  // biome-ignore lint/correctness/useYield: it fails before its first piece
  async function* failing(): AsyncGenerator<string, void> {
    throw new Error('no')
  }
  const { url } = await serve(() => (pages++ === 0 ? failing() : lines(1)))
  await expect(asked(url, {}).then(bodyOf)).rejects.toThrow()
  expect((await bodyOf(await asked(url, {}))).toString()).toBe('x 0\n')
})
