import { z } from 'zod'
import { judgeDevices } from '../judging/devices.ts'
import { defineRule } from '../plugin/rule.ts'

export default defineRule({
  name: 'hashboard-lost',
  summary: 'fewer hashboards work than are fitted; the loss is their part of what the miner could earn',
  defaults: { severity: 'warning', for: '2m', clearFor: '1m' },
  settings: z.strictObject({}),
  judge: (situation) =>
    judgeDevices(situation, ['asic'], (device) => {
      const { deviceId, state, boardsWorking, boardsFitted, couldEarnUsdPerH } = device
      // a sleeping miner switches its boards off, so their count proves nothing
      if (state === 'sleeping' || state === 'starting') return { verdict: 'between' }
      if (boardsWorking === undefined || boardsFitted === undefined) return { verdict: 'unknown' }
      if (boardsWorking >= boardsFitted) return { verdict: 'good' }
      const lost = boardsFitted - boardsWorking
      return {
        verdict: 'bad',
        summary: `${deviceId} lost ${lost} of ${boardsFitted} hashboards`,
        ...(couldEarnUsdPerH !== undefined && { lossUsdPerHour: (couldEarnUsdPerH * lost) / boardsFitted }),
      }
    }),
})
