import { describe, expect, test } from 'vitest'
import {
  noConnection,
  retryAfterMs,
  statusError,
  ThrottledError,
} from '../../../../protocol/kit/http/refusals.ts'

const NOW_MS = Date.UTC(2026, 4, 20)
const where = 'https://pool.example/account'
const answer = (status: number, text = '', headers: Record<string, string> = {}) => ({
  status,
  headers,
  text,
})

describe('a status that is refused says what it means and what to do next', () => {
  test.each([
    [answer(301), 'answers 301, a redirect, which is not followed; configure the final address'],
    [
      answer(302, '', { location: 'https://reader:hunter2@other.example/new?token=hunter2' }),
      'answers 302, a redirect to https://other.example/new, which is not followed; configure the final address',
    ],
    [answer(400, 'coin is\n missing'), 'answers 400 (coin is missing); check the address and the settings'],
    [answer(401), 'answers 401, no permission; check the credential'],
    [answer(403), 'answers 403, no permission; check the credential'],
    [answer(404), 'answers 404; check the path'],
    [answer(410), 'answers 410, gone for good; correct the address or remove it'],
    [answer(429), 'answers 429, too many requests; ask it less often'],
    [answer(500, '<html>sorry</html>'), 'answers 500, a fault of the server; look into its log'],
  ])('%o', (refused, words) => {
    expect(statusError(refused, { where })).toMatchObject({
      code: 'http-status',
      message: `${where} ${words}`,
    })
  })

  test('with the caller’s own words for a credential', () => {
    expect(statusError(answer(401), { where, credential: 'make a key at Settings' }).message).toBe(
      `${where} answers 401, no permission; make a key at Settings`,
    )
  })

  test('a key that the server repeats is left out, and a long answer is cut', () => {
    const key = 'c0ffee'.repeat(8)
    expect(statusError(answer(401, `unknown key ${key}`), { where }).message).not.toContain('c0ffee')
    expect(statusError(answer(500, 'no '.repeat(1000)), { where }).message.length).toBeLessThan(300)
  })
})

describe('a caller that asks again waits as long as the server wants', () => {
  const words = { where, nowMs: NOW_MS }
  test.each([
    [answer(429), 60_000],
    [answer(429, '', { 'retry-after': '120' }), 120_000],
    [answer(503, '', { 'retry-after': 'Wed, 20 May 2026 00:10:00 GMT' }), 600_000],
  ])('%o', (refused, waitMs) => {
    const error = statusError(refused, words)
    expect(error).toBeInstanceOf(ThrottledError)
    expect(error).toMatchObject({ code: 'throttled', retryAfterMs: waitMs })
  })

  test('503 without a time is a fault of the server', () => {
    expect(statusError(answer(503), words)).toMatchObject({
      code: 'http-status',
      message: `${where} answers 503, a fault of the server; it is asked again`,
    })
  })

  test.each([
    [undefined, undefined],
    ['soon', undefined],
    ['0.65', 650],
    ['9007199254740992', 86_400_000],
    ['Wed, 20 May 2099 00:00:00 GMT', 86_400_000],
    ['Wed, 20 May 2020 00:00:00 GMT', 0],
  ])('Retry-After: %s is %s ms', (value, waitMs) => {
    expect(retryAfterMs(value, NOW_MS)).toBe(waitMs)
  })
})

describe('a connection that fails says what to check', () => {
  const failed = (code: string, tlsIsSettable = false) =>
    noConnection(Object.assign(new Error('as the system says'), { code }), where, tlsIsSettable).message
  test.each([
    ['ECONNREFUSED', 'refuses the connection; is it running, and is the port right?'],
    ['ENOTFOUND', 'has a host name that DNS does not know; check its spelling and DNS'],
    ['ECONNRESET', 'cuts the connection before its answer is complete; look into its log'],
    ['HPE_INVALID_CONSTANT', 'does not speak HTTP; is the port right?'],
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'has a certificate that no known authority signed; start this program with NODE_EXTRA_CA_CERTS=<file of its authority>',
    ],
    ['CERT_HAS_EXPIRED', 'has a certificate that has expired; renew it'],
  ])('%s', (code, words) => {
    expect(failed(code)).toBe(`${where} ${words}`)
  })

  test('it names the TLS settings only where the user has them', () => {
    expect(failed('DEPTH_ZERO_SELF_SIGNED_CERT', true)).toMatch(/or set insecureTls: true$/)
    expect(failed('CERT_HAS_EXPIRED', true)).toMatch(/renew it, or set insecureTls: true$/)
  })

  test('an error that the table lacks is told in the system’s words', () => {
    expect(failed('EWHATEVER')).toBe(`${where}: as the system says; check the address and the network`)
  })
})
