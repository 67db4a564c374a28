import { describe, expect, it } from 'vitest'
import { GpuTimeRig, gpu, held, host } from './gpu-time-rig.ts'

describe('GPU time that a later agent tells', () => {
  const site = GpuTimeRig.beforeEach()
  const { hear, take, paid } = site

  it.each([
    ['host', host({ hostname: 'n7' }), 'node-7'],
    ['GPU', gpu('g3', { hostname: 'n7' }), 'g3'],
  ])(
    'stays with the %s that was first, however many GPUs a later agent tells of it, and however old the records',
    async (_of, first, deviceId) => {
      hear('a', first)
      await take('a', held(1, deviceId), held(2, deviceId))
      hear('b', host({ deviceId: 'bh', hostname: 'n7' }))
      await take('b', held(3, 'bh', 101), held(0, 'bh', 101), held(1, 'bh', 101))
      await take('a', held(3, deviceId))
      expect(paid()[`a ${deviceId}`]).toBe(3)
    },
  )

  it('of minutes before another agent told any is paid, though their records come after that', async () => {
    hear('a', host({ hostname: 'n7' }))
    hear('b', gpu('g3', { hostname: 'n7' }))
    await take('b', held(5, 'g3'))
    await take('a', held(1, 'node-7'), held(2, 'node-7'), held(6, 'node-7'))
    expect(paid()).toEqual({ 'a node-7': 2, 'b g3': 1 })
  })
})
