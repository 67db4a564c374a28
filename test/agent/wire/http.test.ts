import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { getText } from '../../../agent/wire/http.ts'
import { Secret } from '../../../protocol/kit/secret.ts'
import { type PageServer, servePage, text } from '../page-server.ts'

let page: PageServer | undefined
afterEach(async () => {
  await page?.close()
  page = undefined
})
const never = new AbortController().signal

test('a page is its text, whatever content type it claims', async () => {
  page = await servePage((_, res) => {
    res.setHeader('content-type', 'image/png').write('power 59')
    setImmediate(() => res.end('8 µW'))
  })
  await expect(getText(page.url, { signal: never })).resolves.toBe('power 598 µW')
})

test('a bearer secret is sent, and a user and password in the address go as Basic and into no error', async () => {
  const seen: (string | undefined)[] = []
  page = await servePage((req, res) => {
    seen.push(req.headers.authorization)
    res.writeHead(401).end()
  })
  await expect(getText(page.url, { signal: never, bearer: new Secret('abc') })).rejects.toThrow(
    'answers 401, no permission; check the credential',
  )
  const withUser = page.url.replace('http://', 'http://reader:hunter2@')
  const error = await getText(withUser, { signal: never }).catch((e: Error) => e)
  expect(String(error)).not.toContain('hunter2')
  expect(seen).toEqual(['Bearer abc', `Basic ${btoa('reader:hunter2')}`])
})

test('a redirect is not followed, and its target is named', async () => {
  let asked = 0
  page = await servePage((_, res) => {
    asked++
    res.writeHead(302, { location: 'http://192.0.2.1/other' }).end()
  })
  await expect(getText(page.url, { signal: never })).rejects.toThrow(
    'answers 302, a redirect to http://192.0.2.1/other, which is not followed; configure the final address',
  )
  expect(asked).toBe(1)
})

test('a missing page says to check the path', async () => {
  page = await servePage((_, res) => res.writeHead(404).end('nothing here'))
  await expect(getText(page.url, { signal: never })).rejects.toThrow(
    `${page.url} answers 404 (nothing here); check the path`,
  )
})

test('an answer without end is left at the limit', async () => {
  page = await servePage((_, res) => {
    const more = () => {
      if (!res.destroyed) res.write('x'.repeat(1000), () => setImmediate(more))
    }
    more()
  })
  await expect(getText(page.url, { signal: never, maxBytes: 10_000 })).rejects.toMatchObject({
    code: 'too-large',
    message: expect.stringContaining('answers more than 10000 bytes'),
  })
})

test.each([
  ['bytes that are not UTF-8', Buffer.from([0x50, 0xff, 0xfe])],
  ['zero bytes', Buffer.from('a\0b')],
])('%s are refused as no text', async (_, bytes) => {
  page = await servePage((_, res) => res.end(bytes))
  await expect(getText(page.url, { signal: never })).rejects.toMatchObject({ code: 'not-text' })
})

test('a server that never answers costs no more than the deadline', async () => {
  page = await servePage(() => {})
  const signal = AbortSignal.timeout(50)
  await expect(getText(page.url, { signal })).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('a server that stalls in mid-answer costs no more than the deadline', async () => {
  page = await servePage((_, res) => res.write('half'))
  const signal = AbortSignal.timeout(50)
  await expect(getText(page.url, { signal })).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('a signal that has ended sends nothing', async () => {
  let asked = 0
  page = await servePage((_, res) => {
    asked++
    res.end()
  })
  const ended = AbortSignal.abort(new Error('the agent stops'))
  await expect(getText(page.url, { signal: ended })).rejects.toThrow('the agent stops')
  expect(asked).toBe(0)
})

test('an answer that is cut in the middle is an error, not half a page', async () => {
  page = await servePage((_, res) => {
    res.setHeader('content-length', 100).write('half', () => res.destroy())
  })
  await expect(getText(page.url, { signal: never })).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('cuts the connection'),
  })
})

test('a refused connection says what to check', async () => {
  page = await servePage(text(''))
  const { url } = page
  await page.close()
  page = undefined
  await expect(getText(url, { signal: never })).rejects.toThrow(
    `${url} refuses the connection; is it running, and is the port right?`,
  )
})

test('a port that speaks something else is said to speak no HTTP', async () => {
  const server = createServer((socket) => socket.resume().end('+OK POP3 ready\r\n'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await expect(getText(`http://127.0.0.1:${port}/`, { signal: never })).rejects.toThrow('does not speak HTTP')
  await new Promise((resolve) => server.close(resolve))
})
