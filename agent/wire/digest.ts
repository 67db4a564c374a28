import { createHash } from 'node:crypto'

/** A server's Digest challenge: the parameters of its `WWW-Authenticate` header (RFC 7616, 3.3). */
export interface Challenge {
  realm: string
  nonce: string
  opaque?: string
  algorithm: Algorithm
  /** absent: a server of RFC 2069, which has no `qop` */
  qop?: 'auth'
}

const HASHES = { MD5: 'md5', 'SHA-256': 'sha256' } as const
type Algorithm = keyof typeof HASHES

export interface DigestRequest {
  challenge: Challenge
  username: string
  password: string
  method: string
  /** path and query, as in the request line */
  uri: string
  /** how often this nonce was used, this request included (`nc`) */
  count: number
  /** the client's random text, new for each nonce */
  cnonce: string
}

/**
 * The first Digest challenge of a `WWW-Authenticate` header that is supported: MD5 or SHA-256, with `qop` `auth` or none (RFC
 * 7616, 3.3).
 * @returns undefined where no challenge is supported
 */
export function parseChallenge(header: string): Challenge | undefined {
  return header
    .split(/(?:^|,\s*)(?=Digest\s)/i)
    .map(challengeOf)
    .find((challenge) => challenge !== undefined)
}

function challengeOf(text: string): Challenge | undefined {
  if (!/^Digest\s/i.test(text)) return undefined
  const fields = new Map(
    [...text.slice('Digest'.length).matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g)].map(
      ([, name = '', quoted, bare = '']) => [
        name.toLowerCase(),
        quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1'),
      ],
    ),
  )
  const realm = fields.get('realm')
  const nonce = fields.get('nonce')
  const algorithm = (fields.get('algorithm') ?? 'MD5').toUpperCase()
  const qop = fields.get('qop')
  const opaque = fields.get('opaque')
  if (realm === undefined || !nonce || !isAlgorithm(algorithm)) return undefined
  const offersAuth = qop?.split(/\s*,\s*/).includes('auth')
  if (qop !== undefined && !offersAuth) return undefined
  return {
    realm,
    nonce,
    algorithm,
    ...(offersAuth ? { qop: 'auth' } : {}),
    ...(opaque === undefined ? {} : { opaque }),
  }
}

const isAlgorithm = (name: string): name is Algorithm => Object.hasOwn(HASHES, name)

/** The `Authorization` header that answers the challenge (RFC 7616, 3.4; without qop RFC 2069, 2.1.2). */
export function digestAuthorization(request: DigestRequest): string {
  const { challenge, username, password, method, uri, count, cnonce } = request
  const { realm, nonce, opaque, algorithm, qop } = challenge
  const hash = (...parts: string[]) => createHash(HASHES[algorithm]).update(parts.join(':')).digest('hex')
  const nc = count.toString(16).padStart(8, '0')
  const secret = hash(username, realm, password)
  const asked = hash(method, uri)
  const response = qop ? hash(secret, nonce, nc, cnonce, qop, asked) : hash(secret, nonce, asked)
  const fields = [
    `username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `algorithm=${algorithm}`,
    `response="${response}"`,
    ...(qop ? [`qop=${qop}`, `nc=${nc}`, `cnonce=${quoted(cnonce)}`] : []),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
  ]
  return `Digest ${fields.join(', ')}`
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
