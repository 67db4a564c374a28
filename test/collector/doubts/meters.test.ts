import { beforeEach, describe, expect, test } from 'vitest'
import { Behind } from '../../../collector/doubts/behind.ts'
import { Doubts } from '../../../collector/doubts/doubts.ts'
import type { MeterSources, ShownPower } from '../../../collector/doubts/meters.ts'
import type { Device } from '../../../protocol/device.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
import { record, T0 } from './doubt-rig.ts'

const KW_MINUTE = 60_000_000
const meter = (deviceId: string, over: Partial<Device> = {}): Device => ({
  deviceId,
  kind: 'meter',
  driver: 'modbus-meter',
  ...over,
})

describe('a meter without a rating', () => {
  let nowMs: number
  let doubts: Doubts
  /** what the meter shows; undefined: it shows nothing */
  let shown: ShownPower | undefined
  let siteLimitW: number | undefined
  let all: Device[]
  const start = () => {
    const behind = new Behind(
      () => all,
      () => nowMs,
    )
    const meters: MeterSources = {
      shown: () => shown,
      behindW: (deviceId) => behind.mostW(deviceId),
      siteLimitW,
      siteMeter: 'site',
    }
    doubts = new Doubts({
      device: (_agentId, deviceId) => all.find((d) => d.deviceId === deviceId),
      gpusOf: () => 0,
      powerLimitW: () => undefined,
      meters,
      nowMs: () => nowMs,
    })
  }
  beforeEach(() => {
    nowMs = T0
    shown = undefined
    siteLimitW = undefined
    all = [
      meter('site'),
      meter('outlet', { meteredBy: 'site' }),
      {
        deviceId: 'm1',
        kind: 'asic',
        driver: 'antminer',
        expectedHashrateHs: 2e14,
        ratedPowerW: 3500,
        meteredBy: 'outlet',
      },
    ]
    start()
  })
  /** A record that comes 5 s after its minute. @returns the check that holds it */
  const minute = (m: number, kw: number, deviceId = 'site', over: Partial<Interval> = {}) => {
    const one = record(m, deviceId, { owner: {}, energyMilliJ: Math.round(kw * KW_MINUTE), ...over })
    nowMs = Math.max(nowMs, one.startMs + one.durationMs + 5_000)
    if (shown) shown.lastMs = nowMs
    return judgeOnly(one)
  }
  const judgeOnly = (one: Interval) => doubts.judge('a', one)?.check
  const minutes = (from: number, to: number, kw: (m: number) => number, deviceId = 'site') =>
    Array.from({ length: to - from }, (_, i) => minute(from + i, kw(from + i), deviceId)).filter(Boolean)
  const shows = (kw: number, fromMinute = -60) => {
    shown = { peakW: kw * 1000, sinceMs: T0 + fromMinute * MINUTE_MS, lastMs: nowMs }
  }
  const judged = (m: number, milliJ: number, deviceId = 'site') =>
    minute(m, 0, deviceId, { energyMilliJ: milliJ })

  describe('is doubtful', () => {
    test('for 9e13 or 9e14 mJ in a minute, from its first record on', () => {
      for (const deviceId of ['site', 'outlet'])
        for (const milliJ of [9e13, 9e14, 1e15]) {
          start()
          expect(judged(0, milliJ, deviceId)).toBe('energy')
          expect(judged(1, milliJ, deviceId)).toBe('energy')
        }
    })

    test('for far more than its own past, from a few minutes on; what was doubted is no past', () => {
      expect(minutes(0, 10, () => 20)).toEqual([])
      for (let m = 10; m < 30; m += 2) {
        expect(judged(m, 1e12)).toBe('energy')
        expect(minute(m + 1, 20)).toBeUndefined()
      }
    })

    test('for three times the power that it shows meanwhile, within minutes', () => {
      shows(20)
      expect(minutes(0, 60, () => 20)).toEqual([])
      expect(minutes(60, 90, () => 60).length).toBeGreaterThan(15)
      expect(doubts.judge('a', record(91, 'site', { energyMilliJ: 9e13 }))?.reason).toMatch(
        /^a, site: its energy is [\d.e+]+ J beyond what it can draw, \(2 times 20000 W, the most that it shows meanwhile\); /,
      )
    })

    test('for 9e14 mJ, whatever rating, power or past its agent tells of it', () => {
      all = [meter('site', { ratedPowerW: 1e15 }), meter('outlet')]
      start()
      expect(judged(0, 9e14)).toBe('energy')
      shows(1e12)
      expect(judged(0, 9e14, 'outlet')).toBe('energy')
    })

    test('in what it exports too', () => {
      expect(minute(0, 0, 'site', { exportedMilliJ: 9e13 })).toBe('energy')
    })

    test('for more than the site’s power limit allows, if it is the site’s', () => {
      siteLimitW = 40_000
      start()
      expect(minutes(0, 30, () => 55)).toEqual([])
      expect(minutes(30, 90, () => 100).length).toBeGreaterThan(20)
    })

    test('after a start, by what it recorded before', () => {
      const energy = { energyMilliJ: 360 * 20 * KW_MINUTE, exportedMilliJ: 0, overMs: 6 * HOUR_MS }
      doubts.remember([{ agentId: 'a', deviceId: 'site', endMs: T0, energy }])
      expect(judged(0, 1e12)).toBe('energy')
      expect(minute(1, 20)).toBeUndefined()
    })
  })

  describe('is not doubtful', () => {
    test('for a hall of 9 MW behind it of which nothing is read, from its first record on', () => {
      expect(minutes(0, 120, () => 9_000)).toEqual([])
    })

    test('for a hall of 300 MW, once it shows its power, or where the site’s limit says so', () => {
      shows(300_000, 0)
      expect(minutes(0, 60, () => 300_000)).toEqual([])
      shown = undefined
      siteLimitW = 300_000_000
      start()
      expect(minutes(0, 60, () => 300_000)).toEqual([])
    })

    test('for a load that steps from 2 kW to 20 MW, and shows it', () => {
      shows(2)
      expect(minutes(0, 60, () => 2)).toEqual([])
      shows(20_000)
      expect(minutes(60, 120, () => 20_000)).toEqual([])
    })

    test('for loads of 1.5 MW that start after a pause, though it shows nothing and none of them is read', () => {
      expect(minutes(0, 600, () => 2)).toEqual([])
      expect(minutes(600, 1200, () => 1_500)).toEqual([])
    })

    test('for a load that stepped down while its records come: what it shows began after them', () => {
      shows(2_000)
      expect(minutes(0, 60, () => 2_000)).toEqual([])
      shows(2, 61)
      expect(minutes(60, 62, () => 2_000)).toEqual([])
    })

    test('for machines behind it that start within minutes, though it shows nothing', () => {
      for (let i = 0; i < 200; i++)
        all.push({ deviceId: `r${i}`, kind: 'asic', driver: 'any', ratedPowerW: 3500, meteredBy: 'outlet' })
      start()
      expect(minutes(0, 30, () => 1)).toEqual([])
      expect(minutes(30, 60, () => 700)).toEqual([])
      expect(minutes(0, 30, () => 1, 'outlet')).toEqual([])
      expect(minutes(30, 60, () => 700, 'outlet')).toEqual([])
    })

    test('for a record of half an hour ago, when it drew more', () => {
      shows(2_000, -600)
      expect(minutes(0, 60, () => 2_000)).toEqual([])
      shows(2, -600)
      nowMs += 30 * MINUTE_MS
      for (let m = 60; m < 80; m++) expect(minute(m, 2_000)).toBeUndefined()
    })

    test('for a counter of whole kWh', () => {
      shows(2)
      expect(minutes(0, 600, (m) => (m % 30 === 29 ? 60 : 0))).toEqual([])
      shown = undefined
      expect(minutes(600, 1200, (m) => (m % 30 === 29 ? 60 : 0))).toEqual([])
    })

    test('for a counter of each phase, which goes both ways while the power that it shows is nothing', () => {
      shows(0.1)
      for (let m = 0; m < 120; m++)
        expect(minute(m, 15, 'site', { exportedMilliJ: 15 * KW_MINUTE })).toBeUndefined()
    })

    test('for meters that stand behind each other in a circle', () => {
      all = [meter('outlet', { meteredBy: 'site' }), meter('site', { meteredBy: 'outlet' })]
      start()
      expect(minutes(0, 30, () => 20)).toEqual([])
    })
  })
})
