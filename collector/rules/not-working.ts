import { z } from 'zod'
import { badDevice, firstFault, judgeDevices, NOT_WORKING } from '../judging/devices.ts'
import { defineRule } from '../plugin/rule.ts'

export default defineRule({
  name: 'not-working',
  summary:
    'a GPU, a host, a meter or an LLM server does not answer or is faulty, also a lost GPU; the loss is what it could earn',
  defaults: { severity: 'warning', for: '2m', clearFor: '1m' },
  settings: z.strictObject({}),
  judge: (situation) =>
    judgeDevices(situation, ['gpu', 'host', 'meter', 'service'], (device) => {
      const { state } = device
      if (state === 'unknown') return { verdict: 'unknown' }
      if (state !== 'unreachable' && state !== 'faulty') return { verdict: 'good' }
      return badDevice(device, `${NOT_WORKING[state]}${firstFault(device)}`)
    }),
})
