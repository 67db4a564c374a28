import type { Machine } from '../../../collector/economics/choices/break-even.ts'
import type { ChoiceInputs } from '../../../collector/live/choice-inputs.ts'
import type { Views } from '../../../collector/screens/api/views.ts'
import type { AlertView } from '../../../collector/views/alert.ts'
import type { DeviceView, RackView } from '../../../collector/views/device.ts'
import type { FigureQuery, LedgerFigures } from '../../../collector/views/figures.ts'
import type { Frame, Trend } from '../../../collector/views/frame.ts'
import type { AgentView, SiteView } from '../../../collector/views/site.ts'
import type { WorkloadView } from '../../../collector/views/workload.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
import {
  agentsAt,
  alertsAt,
  ENERGY_USD_PER_KWH,
  ledgerOf,
  MINING_USD_PER_KWH,
  trendAt,
  two,
  worstDevices,
} from './scene-lists.ts'

/** An invented live site: `advance` moves its clock and its figures. Every field may be changed between frames. */
export interface Scene extends Views, LedgerFigures {
  nowMs: number
  advance(ms: number): void
  change: {
    site: Partial<SiteView>
    agents?: AgentView[]
    alerts?: AlertView[]
    racks?: RackView[]
    trend?: Trend
    workloads?: WorkloadView[]
    worst?: DeviceView[]
    economy?: ChoiceInputs
    machines?: Machine[]
  }
  asked: FigureQuery[]
}

const START_MS = Date.UTC(2026, 2, 14, 18, 32, 6)
const RACK_W = 30 * 3_250

export function createScene(
  options: { containers?: number; racksPerContainer?: number; simulated?: boolean } = {},
): Scene {
  const { containers = 4, racksPerContainer = 15, simulated = true } = options
  const racks: RackView[] = []
  for (let c = 1; c <= containers; c++)
    for (let r = 1; r <= racksPerContainer; r++)
      racks.push(rackOf(c, r, c === containers, containers * racksPerContainer))
  const wobble = (period: number, size: number) => 1 + size * Math.sin(scene.nowMs / period)
  const scene: Scene = {
    nowMs: START_MS,
    asked: [],
    change: { site: {} },
    advance(ms) {
      scene.nowMs += ms
    },
    site() {
      const miningW =
        racks.filter((r) => r.condition === 'normal').length * RACK_W * 0.86 * wobble(7_000, 0.004)
      const workloads = scene.workloads()
      const sum = (key: 'powerW' | 'revenueUsdPerH' | 'energyCostUsdPerH' | 'netUsdPerH') =>
        workloads.reduce((total, w) => total + w[key], 0)
      const agents = scene.change.agents ?? agentsAt(scene.nowMs, simulated)
      return {
        site: 'plainview',
        name: 'Plainview North',
        timeZone: 'America/Chicago',
        atMs: scene.nowMs,
        simulated,
        powerW: sum('powerW'),
        meterPowerW: sum('powerW'),
        devicesPowerW: sum('powerW') * 0.985,
        powerLimitW: Math.ceil((sum('powerW') * 1.05) / 100_000) * 100_000,
        revenueUsdPerH: sum('revenueUsdPerH'),
        energyCostUsdPerH: sum('energyCostUsdPerH'),
        demandUsdPerH: 0,
        feesUsdPerH: 0,
        netUsdPerH: sum('netUsdPerH'),
        revenueUsdPerKwh: sum('revenueUsdPerH') / (sum('powerW') / 1000),
        hashrateHs: (miningW / 18.9) * 1e12,
        expectedHashrateHs: (miningW / 18.4) * 1e12,
        efficiencyJPerTh: 18.9,
        gpus: 512,
        gpusHeld: 448,
        gpuUtilizationRatio: 0.871,
        devices: racks.reduce((n, r) => n + r.devices, 0),
        devicesReporting: racks.reduce(
          (n, r) => n + (r.condition === 'stale' ? 0 : r.devices - r.needHands),
          0,
        ),
        dataAgeS: 1.2,
        ledgerThroughMs: Math.floor(scene.nowMs / MINUTE_MS) * MINUTE_MS - MINUTE_MS,
        hashpriceUsdPerPhDay: 41.4,
        miningBreakEvenUsdPerKwh: MINING_USD_PER_KWH,
        prices: [
          {
            name: 'energyUsdPerKwh',
            value: ENERGY_USD_PER_KWH,
            unit: 'USD/kWh',
            source: 'configuration',
            fromMs: scene.nowMs - HOUR_MS,
            stale: false,
          },
          {
            name: 'btcUsd',
            value: 96_412,
            unit: 'USD/BTC',
            source: 'fixed',
            fromMs: scene.nowMs - 20_000,
            stale: false,
          },
        ],
        agents,
        ...scene.change.site,
      }
    },
    workloads() {
      if (scene.change.workloads) return scene.change.workloads
      const miningW =
        racks.filter((r) => r.condition === 'normal').length * RACK_W * 0.86 * wobble(7_000, 0.004)
      const gpuScale = racks.length / 60
      return [
        earning('bitcoin', 'mining', miningW, MINING_USD_PER_KWH * wobble(40_000, 0.01), {
          hashrateHs: (miningW / 18.9) * 1e12,
        }),
        earning('training-on-demand', 'gpu-hour', 214_000 * gpuScale * wobble(9_000, 0.02), 2.214, {
          gpusHeld: 256,
        }),
        earning('training-reserved', 'gpu-hour', 131_000 * gpuScale, 1.687, { gpusHeld: 160 }),
        earning('inference', 'tokens', 46_000 * gpuScale * wobble(5_000, 0.1), 3.12 * wobble(8_000, 0.12), {
          gpusHeld: 32,
        }),
        earning('idle', 'idle', 61_000 * gpuScale, 0, {}),
        earning('overhead', 'overhead', miningW * 0.031, 0, {}),
      ]
    },
    devices: () => scene.change.worst ?? worstDevices(simulated),
    standing: () => ({ atMs: scene.nowMs, standstills: scene.change.site.standing ?? [], parts: [] }),
    alerts: () => scene.change.alerts ?? alertsAt(scene.nowMs),
    frame: (): Frame => ({
      site: scene.site(),
      workloads: scene.workloads(),
      racks: scene.change.racks ?? racks,
      alerts: scene.alerts(),
      worst: scene.devices(),
    }),
    liveGroups: () => new Map(),
    unmatched: () => [],
    choiceInputs: () => scene.change.economy ?? economyOfScene(scene.nowMs),
    machines: () => scene.change.machines ?? [],
    trend: () => scene.change.trend ?? trendAt(scene.nowMs),
    async *ledger(query) {
      scene.asked.push(query)
      yield ledgerOf(query)
    },
  }
  return scene
}

const economyOfScene = (atMs: number): ChoiceInputs => ({
  baseline: { atMs, prices: {}, workloads: [], idleGpus: { count: 0, wattsPerGpu: 0 } },
  blocks: [],
  price: {},
  simulated: true,
})

function rackOf(c: number, r: number, last: boolean, total: number): RackView {
  const n = c * 1009 + r * 37
  const rare = total > 500 ? 211 : 17
  const devices = 30
  const base = { container: `C${two(c)}`, rack: `R${two(r)}`, devices, needHands: 0, powerW: RACK_W }
  if (c === 2 && r === 6) return { ...base, condition: 'down', needHands: 11, powerW: RACK_W * 0.6 }
  if (last && r > 12) return { ...base, condition: 'idle', powerW: 900 }
  if (c === 3 && r === 9) return { ...base, condition: 'stale', powerW: 0 }
  if (n % rare === 5) return { ...base, condition: 'degraded', needHands: 1 + (n % 4) }
  return { ...base, condition: 'normal' }
}

function earning(
  workload: string,
  kind: WorkloadView['kind'],
  powerW: number,
  usdPerKwh: number,
  more: Partial<WorkloadView>,
): WorkloadView {
  const kw = powerW / 1000
  return {
    workload,
    kind,
    powerW,
    devices: Math.round(kw / 3),
    revenueUsdPerH: kw * usdPerKwh,
    energyCostUsdPerH: kw * ENERGY_USD_PER_KWH,
    demandUsdPerH: 0,
    feesUsdPerH: 0,
    netUsdPerH: kw * (usdPerKwh - ENERGY_USD_PER_KWH),
    revenueUsdPerKwh: usdPerKwh,
    ...more,
  }
}
