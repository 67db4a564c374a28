import { z } from 'zod'
import { isUnpaidFault } from '../../protocol/unpaid-faults.ts'
import { badDevice, judgeDevices } from '../judging/devices.ts'
import { defineRule } from '../plugin/rule.ts'

export default defineRule({
  name: 'unpaid-fault',
  summary:
    'a device works, and its fault says that something is not paid: several servers or machines at one address, tokens not sold, work that earns nothing',
  defaults: { severity: 'warning', for: '1m', clearFor: '5m' },
  settings: z.strictObject({}),
  judge: (situation) =>
    judgeDevices(situation, ['asic', 'gpu', 'host', 'meter', 'service'], (device) => {
      const { state, faults = [] } = device
      // not-hashing and not-working tell those
      if (state === 'unreachable' || state === 'faulty' || state === 'unknown') return { verdict: 'between' }
      const fault = faults.find(isUnpaidFault)
      return fault === undefined
        ? { verdict: 'good' }
        : badDevice(device, `works and is not paid for all of it: ${fault}`)
    }),
})
