import type { AlertView } from '../../../collector/views/alert.ts'
import type { DeviceView } from '../../../collector/views/device.ts'
import type { FigureQuery } from '../../../collector/views/figures.ts'
import type { Trend } from '../../../collector/views/frame.ts'
import type { LedgerFigure } from '../../../collector/views/ledger-figure.ts'
import type { AgentView } from '../../../collector/views/site.ts'
import { HOUR_MS, JOULES_PER_KWH, MINUTE_MS } from '../../../protocol/units.ts'

/** The lists of the invented site, and its prices. */
export const MINING_USD_PER_KWH = 0.0912
export const ENERGY_USD_PER_KWH = 0.0414

export const two = (n: number) => String(n).padStart(2, '0')

export function agentsAt(nowMs: number, simulated: boolean): AgentView[] {
  return ['north', 'south', 'gpu-hall'].map((agentId, i) => ({
    agentId,
    state: 'online' as const,
    lastSeenMs: nowMs - 400 * (i + 1),
    pollS: 5,
    devices: 620 - i * 40,
    simulated,
    version: '0.1.0',
    clockOffsetMs: 3,
    spoolRecords: 0,
  }))
}

export function alertsAt(nowMs: number): AlertView[] {
  const alert = (
    i: number,
    severity: AlertView['severity'],
    rule: string,
    summary: string,
    subject: AlertView['subject'],
    loss: number,
    minutes: number,
  ): AlertView => ({
    id: `a${i}`,
    rule,
    severity,
    summary,
    subject,
    sinceMs: nowMs - minutes * MINUTE_MS,
    lossUsdPerHour: loss,
  })
  return [
    alert(
      1,
      'critical',
      'rack_down',
      '11 of 30 machines need hands',
      { container: 'C02', rack: 'R06', agentId: 'north' },
      41.7,
      12,
    ),
    alert(
      2,
      'critical',
      'gpu_lost',
      'GPU fell off the bus: Xid 79',
      { deviceId: 'gpu-07/gpu3', agentId: 'gpu-hall' },
      2.49,
      47,
    ),
    alert(3, 'warning', 'agent_stale', 'no live message for 3 polls', { agentId: 'south' }, 1.9, 3),
    alert(
      4,
      'warning',
      'board_lost',
      '2 of 3 hashboards work',
      { deviceId: 'c01-r04-s11', container: 'C01', rack: 'R04' },
      1.12,
      190,
    ),
    alert(
      5,
      'warning',
      'too_hot',
      'chips at 97 °C, limit 95 °C',
      { deviceId: 'c03-r02-s07', container: 'C03', rack: 'R02' },
      0.84,
      8,
    ),
    alert(
      6,
      'warning',
      'low_hashrate',
      '71 % of the expected hashrate for 10 min',
      { deviceId: 'c03-r11-s29', container: 'C03', rack: 'R11' },
      0.77,
      26,
    ),
    alert(
      7,
      'warning',
      'low_hashrate',
      '74 % of the expected hashrate for 10 min',
      { deviceId: 'c01-r13-s02', container: 'C01', rack: 'R13' },
      0.71,
      55,
    ),
    alert(8, 'info', 'quote_stale', 'hashprice is 22 min old', {}, 0, 22),
    alert(
      9,
      'info',
      'fan_slow',
      'slowest fan at 1,900 rpm',
      { deviceId: 'c04-r01-s14', container: 'C04', rack: 'R01' },
      0,
      600,
    ),
  ]
}

export function worstDevices(simulated: boolean): DeviceView[] {
  return Array.from({ length: 8 }, (_, i): DeviceView => {
    const rack = `R${two(1 + ((i * 5) % 15))}`
    const powerW = 3_190 - i * 22
    const efficiencyJPerTh = 34.2 - i * 0.7
    const revenueUsdPerH = 0.061 + i * 0.006
    return {
      deviceId: `c0${1 + (i % 3)}-${rack.toLowerCase()}-s${two(3 + i)}`,
      agentId: i % 2 ? 'south' : 'north',
      kind: 'asic',
      driver: 'antminer',
      model: i % 3 ? 'Antminer S19j Pro' : 'Whatsminer M30S++',
      location: { container: `C0${1 + (i % 3)}`, rack, slot: `S${two(3 + i)}` },
      simulated: simulated && i % 2 === 0,
      state: i === 0 ? 'faulty' : 'hashing',
      stale: false,
      ageS: 1.5,
      powerBasis: 'reported',
      powerW,
      hashrateHs: (powerW / efficiencyJPerTh) * 1e12,
      efficiencyJPerTh,
      ...(i === 0 ? { faults: ['hashboard 2: no chips answer'] } : {}),
      workloads: [{ workload: 'bitcoin', share: 1 }],
      revenueUsdPerH,
      energyCostUsdPerH: (powerW / 1000) * ENERGY_USD_PER_KWH,
      netUsdPerH: revenueUsdPerH - (powerW / 1000) * ENERGY_USD_PER_KWH,
      revenueUsdPerKwh: revenueUsdPerH / (powerW / 1000),
    }
  })
}

export function trendAt(nowMs: number): Trend {
  const step = 5 * MINUTE_MS
  const end = Math.floor(nowMs / step) * step
  const startMs = Array.from({ length: 288 }, (_, i) => end - (288 - i) * step)
  const wave = (level: number, size: number, hours: number) =>
    startMs.map((t) => level * (1 + size * Math.sin(((t - end) / HOUR_MS / hours) * 2 * Math.PI)))
  const energy = startMs.map((t) => {
    const hour = new Date(t).getUTCHours()
    return hour >= 21 || hour < 2 ? 0.0788 : hour >= 6 && hour < 12 ? 0.0267 : ENERGY_USD_PER_KWH
  })
  return {
    startMs,
    revenueUsdPerKwh: {
      bitcoin: wave(MINING_USD_PER_KWH, 0.06, 17),
      'training-on-demand': wave(2.214, 0.09, 11).map((v, i) => (i > 90 && i < 104 ? null : v)),
      'training-reserved': wave(1.687, 0.01, 5),
      inference: wave(3.1, 0.28, 24),
      idle: startMs.map(() => 0),
      overhead: startMs.map(() => 0),
    },
    energyUsdPerKwh: energy,
  }
}

export function ledgerOf(query: FigureQuery): LedgerFigure[] {
  const figures: LedgerFigure[] = []
  const stepMs = typeof query.stepMs === 'number' ? query.stepMs : query.toMs - query.fromMs
  for (let t = query.fromMs; t < query.toMs; t += stepMs)
    figures.push({
      group: query.groupBy === 'site' ? 'site' : `${query.groupBy}, "one"`,
      start: new Date(t).toISOString(),
      end: new Date(t + stepMs).toISOString(),
      energyJ: 2 * JOULES_PER_KWH,
      revenueUsd: 0.18,
      feesUsd: 0,
      costUsd: 0.08,
      demandUsd: 0,
      netUsd: 0.1,
      depreciationUsd: 0,
      revenueUsdPerKwh: 0.09,
      minedSat: 0,
      coveredS: 60,
      workDiff1: 4_096,
      estimatedWorkDiff1: 1_024,
      estimatedUsd: 0.036,
      trueUpWorkDiff1: 0,
      trueUpUsd: 0,
      unpricedWorkDiff1: 0,
      unpricedEnergyJ: 0,
      gpuS: 0,
      busyGpuS: 0,
      tokensIn: 0,
      tokensInCached: 0,
      tokensOut: 0,
      // the last of them came late
      ...(t + stepMs >= query.toMs
        ? { revision: 2, restatedAt: new Date(query.toMs + 7 * 60_000).toISOString() }
        : {}),
    })
  return figures
}
