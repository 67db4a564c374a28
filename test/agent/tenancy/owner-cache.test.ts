import { describe, expect, test } from 'vitest'
import { OwnerCache } from '../../../agent/tenancy/owner-cache.ts'

describe('facts of a tenant', () => {
  test('that are complete are asked for once, and stay', async () => {
    const cache = new OwnerCache(() => 0)
    expect(await cache.of('pod', async () => ({ owner: { pod: 'a' }, complete: true }))).toEqual({ pod: 'a' })
    expect(await cache.of('pod', async () => ({ owner: { pod: 'b' }, complete: true }))).toEqual({ pod: 'a' })
  })

  test('that are not are asked for again after a while, and not before', async () => {
    let nowMs = 0
    const cache = new OwnerCache(() => nowMs)
    const byId = async () => ({ owner: { podUid: 'u' }, complete: false })
    const byName = async () => ({ owner: { namespace: 'n', pod: 'p' }, complete: true })
    expect(await cache.of('pod', byId)).toEqual({ podUid: 'u' })
    nowMs = 4_999
    expect(await cache.of('pod', byName)).toEqual({ podUid: 'u' })
    nowMs = 5_000
    expect(await cache.of('pod', byName)).toEqual({ namespace: 'n', pod: 'p' })
  })

  test('that were half known are not forgotten when the source fails', async () => {
    let nowMs = 0
    const cache = new OwnerCache(() => nowMs)
    await cache.of('pod', async () => ({ owner: { namespace: 'n', pod: 'p' }, complete: false }))
    nowMs = 60_000
    const now = await cache.of('pod', async () => ({ owner: { podUid: 'u' }, complete: false }))
    expect(now).toEqual({ namespace: 'n', pod: 'p' })
  })

  test('go when the tenant was not seen for ten minutes', async () => {
    let nowMs = 0
    const cache = new OwnerCache(() => nowMs)
    await cache.of('job', async () => ({ owner: { slurmJob: '1' }, complete: true }))
    nowMs = 600_001
    expect(await cache.of('job', async () => ({ owner: { slurmJob: '2' }, complete: true }))).toEqual({
      slurmJob: '2',
    })
  })
})
