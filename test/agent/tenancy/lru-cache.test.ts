import { describe, expect, test } from 'vitest'
import { LruCache } from '../../../agent/tenancy/lru-cache.ts'

describe('a cache of the least recently used', () => {
  test('is bounded: the longest unused goes first', () => {
    const cache = new LruCache<number>(() => 0, 3, 1000)
    for (const [i, key] of ['a', 'b', 'c'].entries()) cache.set(key, i)
    cache.get('a')
    cache.set('d', 3)
    expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key))).toEqual([0, undefined, 2, 3])
    expect(cache.size).toBe(3)
  })

  test('goes when it was not used for long', () => {
    let nowMs = 0
    const cache = new LruCache<number>(() => nowMs, 3, 1000)
    cache.set('a', 1)
    nowMs = 1000
    expect(cache.get('a')).toBe(1)
    nowMs = 2001
    expect(cache.get('a')).toBeUndefined()
    expect(cache.size).toBe(0)
  })
})
