import { z } from 'zod'
import { badDevice, firstFault, judgeDevices, NOT_WORKING } from '../judging/devices.ts'
import { defineRule } from '../plugin/rule.ts'

export default defineRule({
  name: 'not-hashing',
  summary: 'a miner that should hash does not; the loss is what it could earn',
  defaults: { severity: 'warning', for: '2m', clearFor: '1m' },
  settings: z
    .strictObject({
      raise: z.number().min(0).default(0.05).describe('part of the expected hashrate: fires below this'),
      clear: z.number().min(0).default(0.1).describe('part of the expected hashrate: well from here'),
    })
    .refine(({ raise, clear }) => clear >= raise, { path: ['clear'], error: 'is below raise' }),
  judge: (situation, { raise, clear }) =>
    judgeDevices(situation, ['asic'], (device) => {
      const { state, hashrateHs, expectedHashrateHs } = device
      // a miner sleeps only where the operator wants it to
      if (state === 'sleeping') return { verdict: 'good' }
      if (state === 'starting') return { verdict: 'between' }
      if (state === 'idle' || state === 'unreachable' || state === 'faulty')
        return badDevice(device, `${NOT_WORKING[state]}${firstFault(device)}`)
      // it answers, and what of it is missing its fault tells
      if (state === 'unknown' && device.faults?.length)
        return badDevice(device, `does not tell how it does${firstFault(device)}`)
      if (hashrateHs === undefined) return { verdict: state === 'hashing' ? 'good' : 'unknown' }
      if (expectedHashrateHs === undefined)
        return hashrateHs > 0 ? { verdict: 'good' } : badDevice(device, 'does not hash')
      const ratio = hashrateHs / expectedHashrateHs
      if (ratio < raise)
        return badDevice(device, `hashes at ${(ratio * 100).toFixed(1)} % of what is expected`)
      return { verdict: ratio >= clear ? 'good' : 'between' }
    }),
})
