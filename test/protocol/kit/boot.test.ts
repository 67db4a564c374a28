import { describe, expect, it } from 'vitest'
import { bootId, kernelBootId } from '../../../protocol/kit/boot.ts'
import { isBeside } from '../../../protocol/program.ts'

const KERNEL = { kernelId: () => 'd3b0', uptimeS: () => 5_000, monotonicS: () => 4_000 }
const unreadable = () => {
  throw new Error('EACCES')
}

describe('the start of the computer', () => {
  it('is the kernel’s, for every program that runs since', () => {
    expect([bootId(KERNEL), bootId(KERNEL)]).toEqual(['d3b0', 'd3b0'])
    expect(bootId()).toBe(bootId())
  })

  it('is that of no other program where the kernel does not tell it', () => {
    for (const kernelId of [unreadable, () => '']) {
      expect(kernelBootId({ kernelId })).toBeUndefined()
      expect(bootId({ ...KERNEL, kernelId })).not.toBe(bootId({ ...KERNEL, kernelId }))
    }
  })

  it('is that of no other program in a container that shows the time since its own start', () => {
    const inside = { ...KERNEL, uptimeS: () => 60 }
    expect(bootId(inside)).not.toBe(bootId(inside))
    expect(kernelBootId(inside)).toBe('d3b0')
  })
})

describe('two programs', () => {
  const at = (host: string, addresses: string[], boot?: string) => ({
    host,
    addresses,
    ...(boot ? { boot } : {}),
  })

  it('have one clock where they run since the same start of one kernel, also in containers or before DHCP answered', () => {
    expect(isBeside(at('box', [], 'a'), at('4f1d', ['172.17.0.2'], 'a'))).toBe(true)
    expect(isBeside(at('box', ['10.0.0.2'], 'a'), at('box', ['10.0.0.2'], 'b'))).toBe(false)
  })

  it('have one clock by name and address where one of them does not say its start', () => {
    expect(isBeside(at('box', ['10.0.0.2', '10.1.0.2']), at('box', ['10.0.0.2'], 'b'))).toBe(true)
    expect(isBeside(at('box', []), at('box', ['10.0.0.2']))).toBe(true)
    expect(isBeside(at('box', ['10.0.0.2']), at('box', ['10.0.0.3']))).toBe(false)
    expect(isBeside(at('box', ['10.0.0.2']), at('rig', ['10.0.0.2']))).toBe(false)
  })
})
