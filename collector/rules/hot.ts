import { z } from 'zod'
import { badDevice, judgeDevices } from '../judging/devices.ts'
import { defineRule } from '../plugin/rule.ts'

export default defineRule({
  name: 'hot',
  summary: 'a chip is too hot; the loss is what the machine could earn less what it earns',
  defaults: { severity: 'warning', for: '1m', clearFor: '1m' },
  settings: z
    .strictObject({
      raise: z.number().default(95).describe('°C, miners: fires from here'),
      clear: z.number().default(90).describe('°C, miners: well below this'),
      gpuRaise: z.number().default(88).describe('°C, GPUs: fires from here'),
      gpuClear: z.number().default(83).describe('°C, GPUs: well below this'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' })
    .refine(({ gpuRaise, gpuClear }) => gpuClear <= gpuRaise, {
      path: ['gpuClear'],
      error: 'is above gpuRaise',
    }),
  judge: (situation, { raise, clear, gpuRaise, gpuClear }) =>
    judgeDevices(situation, ['asic', 'gpu'], (device) => {
      const { kind, tempC } = device
      if (tempC === undefined) return { verdict: 'unknown' }
      const [raiseC, clearC] = kind === 'gpu' ? [gpuRaise, gpuClear] : [raise, clear]
      if (tempC >= raiseC)
        return badDevice(device, `is at ${tempC.toFixed(0)} °C; from ${raiseC} °C on it is too hot`)
      return { verdict: tempC < clearC ? 'good' : 'between' }
    }),
})
