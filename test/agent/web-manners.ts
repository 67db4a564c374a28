import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { digestAuthorization, parseChallenge } from '../../agent/wire/digest.ts'
import type { Page, WebMachine } from './web-machine.ts'

type Answers = WebMachine['answers']

/** The same pages, each behind a gate that may answer in its place. */
const gated = (
  answers: Answers,
  isOpen: (request: IncomingMessage, response: ServerResponse) => boolean,
): Answers =>
  Object.fromEntries(
    Object.entries(answers).map(([path, page]) => [
      path,
      ((request, response) => {
        if (isOpen(request, response)) send(page, request, response)
      }) satisfies RequestListener,
    ]),
  )

function send(page: Page, request: IncomingMessage, response: ServerResponse): void {
  if (typeof page === 'function') (page as RequestListener)(request, response)
  else response.end(typeof page === 'string' || Buffer.isBuffer(page) ? page : JSON.stringify(page))
}

export interface DigestDoor {
  username: string
  password: string
  realm?: string
  algorithm?: 'MD5' | 'SHA-256'
  /** a nonce is good for so many requests */
  uses?: number
}

/** A web server that wants Digest authentication, checked as RFC 7616 says, counts included. */
export function withDigest(answers: Answers, door: DigestDoor): Answers {
  const { username, password, realm = 'antMiner Configuration', algorithm = 'MD5', uses = Infinity } = door
  let nonce = ''
  let count = 0
  const challenge = () => `Digest realm="${realm}", nonce="${nonce}", qop="auth", algorithm=${algorithm}`
  return gated(answers, ({ method = '', url = '', headers: { authorization = '' } }, response) => {
    const cnonce = /cnonce="([^"]*)"/.exec(authorization)?.[1] ?? ''
    const parsed = parseChallenge(challenge())
    if (nonce && parsed && count < uses) {
      const asked = { challenge: parsed, username, password, method, uri: url, count: count + 1, cnonce }
      if (authorization === digestAuthorization(asked)) {
        count++
        return true
      }
    }
    nonce = `nonce${Math.random()}`
    count = 0
    response.writeHead(401, { 'www-authenticate': challenge() }).end('<html>401 Unauthorized</html>')
    return false
  })
}

export interface LoginDoor {
  /** where credentials are posted, `/api/v1/unlock` */
  path: string
  /** the body that earns a token */
  credentials: Record<string, string>
  /** what stands before the token in a request */
  scheme?: string
}

export interface Tokens {
  answers: Answers
  /** every token given so far is forgotten */
  expire(): void
  logins: number
}

/** A web server that wants the token of a login in each request. */
export function withLogin(answers: Answers, { path, credentials, scheme = 'Bearer ' }: LoginDoor): Tokens {
  let token = ''
  const tokens: Tokens = {
    answers: {
      ...gated(answers, ({ headers: { authorization } }, response) => {
        if (token && authorization === `${scheme}${token}`) return true
        response.writeHead(401).end('{"err":"unauthorized"}')
        return false
      }),
      [`POST ${path}`]: (async (request, response) => {
        const body = JSON.parse(await bodyOf(request)) as Record<string, string>
        const right = Object.entries(credentials).every(([name, value]) => body[name] === value)
        tokens.logins++
        if (right) token = `token${Math.random()}`
        response
          .writeHead(right ? 200 : 401)
          .end(right ? JSON.stringify({ token }) : '{"err":"wrong password"}')
      }) satisfies RequestListener,
    },
    expire() {
      token = ''
    },
    logins: 0,
  }
  return tokens
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** The page byte by byte, in chunks, without a length. */
export const chunked =
  (page: string): RequestListener =>
  async (_, response) => {
    for (const byte of Buffer.from(page)) if (!response.write(Buffer.of(byte))) break
    response.end()
  }

/** Half of the page, and never more. */
export const stalled =
  (page: string): RequestListener =>
  (_, response) => {
    response.write(page.slice(0, page.length / 2))
  }

/** The page without a length, as a server of HTTP/1.0 sends it: the end of the connection is its end. */
export const untilClose =
  (page: string): RequestListener =>
  (_, response) => {
    response.socket?.end(`HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n${page}`)
  }
