import { describe, expect, test } from 'vitest'
import { DigestAuth, LoginAuth, login, loginForm, WebAccessSchema } from '../../../agent/wire/web-auth.ts'
import { LIST, noPage, WebClient } from '../../../agent/wire/web-client.ts'
import { soon } from '../asic-harness.ts'
import { closeMachines, webMachine } from '../machines.ts'
import { chunked, stalled, untilClose, withDigest, withLogin } from '../web-manners.ts'

closeMachines()

const access = (password: string) => WebAccessSchema.parse({ password })
const PAGES = { '/cgi-bin/info.cgi': { a: 1 }, '/cgi-bin/conf.cgi': { b: 2 } }
const ROOT = { username: 'root', password: 'root' }

describe('Digest authentication', () => {
  test.each(['MD5', 'SHA-256'] as const)(
    '%s: one refusal brings the nonce for all that follows',
    async (algorithm) => {
      const web = await webMachine(withDigest(PAGES, { ...ROOT, algorithm }))
      const client = new WebClient(web, new DigestAuth(access('root')))
      expect(await client.get('/cgi-bin/info.cgi', soon())).toEqual({ a: 1 })
      expect(await client.get('/cgi-bin/conf.cgi', soon())).toEqual({ b: 2 })
      expect(web.requests).toEqual(['info', 'info', 'conf'].map((page) => `GET /cgi-bin/${page}.cgi`))
    },
  )

  test('a nonce that has served is exchanged for the next', async () => {
    const web = await webMachine(withDigest(PAGES, { ...ROOT, uses: 2 }))
    const client = new WebClient(web, new DigestAuth(access('root')))
    for (let i = 0; i < 5; i++) expect(await client.get('/cgi-bin/info.cgi', soon())).toEqual({ a: 1 })
    expect(web.requests).toHaveLength(5 + 3)
  })

  test('a wrong password is an error that does not show it, and is not sent again before the machine was away', async () => {
    const web = await webMachine(withDigest(PAGES, ROOT))
    const client = new WebClient(web, new DigestAuth(access('hunter2')))
    const said = await client.get('/cgi-bin/info.cgi', soon()).catch((e: Error) => e.message)
    expect(said).toBe(
      `http://${web.host}:${web.port}/cgi-bin/info.cgi answers 401; check the user and password of the web interface`,
    )
    expect(web.requests).toHaveLength(2)
    await expect(client.get('/cgi-bin/conf.cgi', soon())).rejects.toMatchObject({
      code: 'credentials-refused',
    })
    expect(web.requests).toHaveLength(2)
    client.forget()
    await expect(client.get('/cgi-bin/conf.cgi', soon())).rejects.toThrow()
    expect(web.requests).toHaveLength(4)
  })
})

describe('a login', () => {
  const door = { path: '/api/v1/unlock', credentials: { pw: 'admin' } }
  const open = async (password = 'admin') => {
    const tokens = withLogin({ '/api/v1/info': { x: 1 } }, door)
    const web = await webMachine(tokens.answers)
    const auth = new LoginAuth((signal) => login(web, door.path, { pw: password }, signal))
    return { tokens, web, client: new WebClient(web, auth) }
  }

  test('is made once, and again when the machine has forgotten its token', async () => {
    const { tokens, client } = await open()
    await client.get('/api/v1/info', soon())
    expect(await client.get('/api/v1/info', soon())).toEqual({ x: 1 })
    expect(tokens.logins).toBe(1)
    tokens.expire()
    expect(await client.get('/api/v1/info', soon())).toEqual({ x: 1 })
    expect(tokens.logins).toBe(2)
  })

  test('that is refused is not repeated', async () => {
    const { tokens, client, web } = await open('wrong')
    const failed = {
      code: 'credentials-refused',
      message: expect.stringContaining('/api/v1/unlock answers 401'),
    }
    await expect(client.get('/api/v1/info', soon())).rejects.toMatchObject(failed)
    await expect(client.get('/api/v1/info', soon())).rejects.toMatchObject(failed)
    expect(tokens.logins).toBe(1)
    expect(web.requests).toEqual(['POST /api/v1/unlock'])
  })

  test('that gives no token is a refusal, as VNish answers 200 to a wrong password', async () => {
    const web = await webMachine({ 'POST /login': { error: 'no' } })
    await expect(login(web, '/login', {}, soon())).rejects.toMatchObject({ code: 'credentials-refused' })
  })

  test('by a form earns a cookie', async () => {
    let form = ''
    const web = await webMachine({
      'POST /cgi-bin/luci': async (request, response) => {
        for await (const chunk of request) form += chunk
        response
          .writeHead(302, { 'set-cookie': ['theme=dark; Path=/', 'session_id=5f; HttpOnly'], location: '/' })
          .end()
      },
    })
    const earned = await loginForm(
      web,
      '/cgi-bin/luci',
      { luci_username: 'root', luci_password: 'a&b' },
      soon(),
    )
    expect(earned).toEqual({ cookie: 'theme=dark; session_id=5f' })
    expect(form).toBe('luci_username=root&luci_password=a%26b')
  })
})

describe('an answer', () => {
  test.each([
    ['in chunks', chunked('{"a":1}')],
    ['that ends with the connection', untilClose('{"a":1}')],
    ['with a comma too many', '{"a":1,}'],
  ])('%s is read', async (_, page) => {
    const web = await webMachine({ '/x': page })
    expect(await new WebClient(web).get('/x', soon())).toEqual({ a: 1 })
  })

  test('that stalls costs no more than the deadline', async () => {
    const web = await webMachine({ '/x': stalled('{"a":1}') })
    await expect(new WebClient(web).get('/x', AbortSignal.timeout(50))).rejects.toMatchObject({
      name: 'TimeoutError',
    })
  })

  test('that is a list is found under its name', async () => {
    const web = await webMachine({ '/x': [{ a: 1 }] })
    expect(await new WebClient(web).get('/x', soon())).toEqual({ [LIST]: [{ a: 1 }] })
  })

  test('that is a page for people is malformed', async () => {
    const web = await webMachine({ '/x': '<html>hello</html>' })
    await expect(new WebClient(web).get('/x', soon())).rejects.toMatchObject({ code: 'malformed' })
  })

  test('that is missing may be done without', async () => {
    const web = await webMachine({})
    expect(await new WebClient(web).get('/x', soon()).catch(noPage)).toBeUndefined()
  })
})

test('what does not change is asked once, until the machine was away', async () => {
  const web = await webMachine({ '/x': { a: 1 } })
  const client = new WebClient(web)
  await client.getOnce('/x', soon())
  await client.getOnce('/x', soon())
  expect(web.requests).toHaveLength(1)
  client.forget()
  await client.getOnce('/x', soon())
  expect(web.requests).toHaveLength(2)
})

test('a question with a body is posted as JSON, with its length', async () => {
  let seen: unknown
  const web = await webMachine({
    'POST /graphql': async (request, response) => {
      const { 'content-type': type, 'content-length': length } = request.headers
      let body = ''
      for await (const chunk of request) body += chunk
      seen = { type, length, body }
      response.end('{}')
    },
  })
  await new WebClient(web).post('/graphql', { query: '{ é }' }, soon())
  expect(seen).toEqual({ type: 'application/json', length: '18', body: '{"query":"{ é }"}' })
})
