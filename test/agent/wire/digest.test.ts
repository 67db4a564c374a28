import { describe, expect, test } from 'vitest'
import { digestAuthorization, parseChallenge } from '../../../agent/wire/digest.ts'

const NONCE = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v'
const OPAQUE = 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS'
const offer = (algorithm: string, qop = 'auth, auth-int') =>
  `Digest realm="http-auth@example.org", qop="${qop}", algorithm=${algorithm}, nonce="${NONCE}", opaque="${OPAQUE}"`

describe('the example of RFC 7616, 3.9.1', () => {
  test.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('is answered in %s', (algorithm, response) => {
    const challenge = parseChallenge(offer(algorithm))!
    expect(challenge).toMatchObject({ algorithm, qop: 'auth', opaque: OPAQUE })
    const header = digestAuthorization({
      challenge,
      username: 'Mufasa',
      password: 'Circle of Life',
      method: 'GET',
      uri: '/dir/index.html',
      count: 1,
      cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    })
    expect(header).toContain(`response="${response}"`)
    expect(header).toContain('qop=auth, nc=00000001')
    expect(header).toContain(`opaque="${OPAQUE}"`)
  })
})

test('the example of RFC 2069 (with its erratum 749), a server without qop, is answered without a count', () => {
  const challenge = parseChallenge(
    'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
  )!
  expect(challenge).not.toHaveProperty('qop')
  const header = digestAuthorization({
    challenge,
    username: 'Mufasa',
    password: 'CircleOfLife',
    method: 'GET',
    uri: '/dir/index.html',
    count: 1,
    cnonce: '',
  })
  expect(header).toContain('response="1949323746fe6a43ef61f9606e7febea"')
  expect(header).not.toMatch(/nc=|cnonce=|qop=/)
})

describe('of what a server offers', () => {
  test('the first that can be met is taken, among other schemes and algorithms', () => {
    const header = `Basic realm="a, b", ${offer('SHA-512-256')}, ${offer('sha-256')}, ${offer('MD5')}`
    expect(parseChallenge(header)?.algorithm).toBe('SHA-256')
  })

  test('MD5 is meant where no algorithm is named, as lighttpd on Antminers does', () => {
    const header = 'Digest realm="antMiner Configuration", nonce="5f1e:abc", qop="auth"'
    expect(parseChallenge(header)).toEqual({
      realm: 'antMiner Configuration',
      nonce: '5f1e:abc',
      algorithm: 'MD5',
      qop: 'auth',
    })
  })

  test('quotes inside a realm are kept', () => {
    expect(parseChallenge('Digest realm="the \\"new\\" one", nonce="n"')?.realm).toBe('the "new" one')
  })

  test.each(['', 'Basic realm="x"', 'Digest realm="x"', offer('MD5-sess'), offer('MD5', 'auth-int')])(
    'nothing is taken of %j',
    (header) => expect(parseChallenge(header)).toBeUndefined(),
  )
})
