import type { Device } from '../../protocol/device.ts'
import type { MachineBlock } from '../economics/choices/better-use.ts'
import { contractTime } from '../economics/contract-time.ts'
import { numberAt } from '../economics/element.ts'
import { matcher } from '../economics/energy/attribution.ts'
import type { LiveDevice, LiveWorkload } from '../economics/live/live-device.ts'
import { isContract } from '../economics/settlement/contracts.ts'
import { isDevFee } from '../economics/settlement/revenue.ts'
import { isUnpaid, UNPAID } from '../economics/unpaid.ts'
import type { Workload } from '../economics/workloads.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** With more blocks than this, blocks are merged over containers: more are too many to act on, and too large for one message. */
const MAX_BLOCKS = 400
/** Facts of a rule that depend on the hardware alone. Location and owner of a machine can change. */
const HARDWARE_FACT = /^(kind|driver|model|algorithm|tag\..+)$/

/**
 * Groups the miners and GPUs of a site by workload, container and model. The blocks of a workload add up to its power and revenue;
 * overhead has no blocks.
 */
export function machineBlocks(snapshot: LiveSnapshot, workloads: readonly Workload[]): MachineBlock[] {
  const byContainer = grouped(snapshot, workloads, true)
  return byContainer.length > MAX_BLOCKS ? grouped(snapshot, workloads, false) : byContainer
}

function grouped(
  snapshot: LiveSnapshot,
  workloads: readonly Workload[],
  byContainer: boolean,
): MachineBlock[] {
  const blocks = new Map<string, MachineBlock>()
  const serves = servable(snapshot, workloads)
  for (const [d, earning] of snapshot.figures.earnings) {
    const { kind, model, algorithm } = d.device
    if (kind !== 'asic' && kind !== 'gpu') continue
    const container = byContainer ? d.device.location?.container : undefined
    const paid = earning.shares.reduce((sum, s) => sum + (isUnpaid(s.workload) ? 0 : s.share), 0)
    for (const { workload, share } of earning.shares) {
      const key = `${workload}\n${kind}\n${container}\n${model}\n${algorithm}`
      let block = blocks.get(key)
      if (!block) {
        const facts = { container, model, hardware: kind, serves: serves(d.device) }
        block = { ...emptyBlock(workload, workloads), ...facts }
        blocks.set(key, block)
      }
      block.devices++
      block.powerW += (earning.powerW ?? 0) * share
      if (!isUnpaid(workload)) block.revenueUsdPerH += (earning.revenueUsdPerH * share) / paid
      if (kind === 'gpu') block.gpus += share
      else block.hashrateHs += paidHashrateHs(d) * share
    }
  }
  const all = [...blocks.values()]
  for (const t of snapshot.figures.workloads) all.push(...balanceWith(t, all, workloads))
  return all
}

/**
 * Shares the rest of a workload's power and revenue over its blocks by power, such as the power of GPU hosts and the pay of a contract.
 * Changes the blocks in place.
 * @returns a block without machines, if the workload has none of its own
 */
function balanceWith(
  t: LiveWorkload,
  all: readonly MachineBlock[],
  workloads: readonly Workload[],
): MachineBlock[] {
  if (t.workload === UNPAID.overhead || t.workload === UNPAID.unaccounted) return []
  const own = all.filter((b) => b.workload === t.workload)
  if (own.length === 0) {
    if (t.powerW === 0 && t.revenueUsdPerH === 0) return []
    return [{ ...emptyBlock(t.workload, workloads), powerW: t.powerW, revenueUsdPerH: t.revenueUsdPerH }]
  }
  const powerW = own.reduce((sum, b) => sum + b.powerW, 0)
  const revenue = own.reduce((sum, b) => sum + b.revenueUsdPerH, 0)
  const part = own.map((b) => (powerW > 0 ? b.powerW / powerW : 1 / own.length))
  for (const [i, b] of own.entries()) {
    b.powerW += (t.powerW - powerW) * numberAt(part, i)
    b.revenueUsdPerH += (t.revenueUsdPerH - revenue) * numberAt(part, i)
  }
  return []
}

function emptyBlock(name: string, workloads: readonly Workload[]): MachineBlock {
  const workload = workloads.find((w) => w.name === name)
  const bound =
    name === UNPAID.unassigned
      ? 'its owner matches no rule'
      : workload && isContract(workload)
        ? 'it is paid for capacity, at any draw'
        : undefined
  return {
    workload: name,
    idle: name === UNPAID.idle,
    bound,
    hardware: 'none',
    devices: 0,
    powerW: 0,
    revenueUsdPerH: 0,
    hashrateHs: 0,
    gpus: 0,
    serves: new Set(),
  }
}

/** Hashrate of a miner without its dev fee, H/s: now, or the expected one if it is not hashing. 0 if it does not hash SHA-256. */
function paidHashrateHs({ device, sample }: LiveDevice): number {
  if (device.algorithm !== undefined) return 0
  if (!sample?.hashrateHs) return device.expectedHashrateHs ?? 0
  const devFee = (sample.holders ?? []).reduce((sum, h) => sum + (isDevFee(h.owner) ? h.share : 0), 0)
  return sample.hashrateHs * (1 - devFee)
}

/**
 * Returns the names of the workloads that a machine can serve without a conversion: miners can mine their algorithm, and GPUs can serve
 * GPU-hours and tokens. If a workload names no model, it takes the GPU models that serve it now.
 */
function servable(
  snapshot: LiveSnapshot,
  workloads: readonly Workload[],
): (device: Device) => ReadonlySet<string> {
  const models = modelsByWorkload(snapshot)
  const rules = workloads
    .filter((w) => !isContract(w) && contractTime(w)(snapshot.atMs))
    .map((workload) => ({ workload, fits: hardwareMatcher(workload, models.get(workload.name)) }))
  return (device) => new Set(rules.filter(({ fits }) => fits(device)).map(({ workload }) => workload.name))
}

function hardwareMatcher(w: Workload, served: ReadonlySet<string> | undefined): (device: Device) => boolean {
  const matches = w.match.map((match) => {
    const facts = Object.fromEntries(Object.entries(match).filter(([fact]) => HARDWARE_FACT.test(fact)))
    const fits = matcher(facts)
    const isServed = ({ model = '' }: Device) => facts['model'] !== undefined || !served || served.has(model)
    return { fits: (device: Device) => fits({}, device), isServed }
  })
  if (w.kind !== 'mining')
    return (device) => device.kind === 'gpu' && matches.some((m) => m.fits(device) && m.isServed(device))
  return (device) =>
    device.kind === 'asic' &&
    (device.algorithm === undefined || w.usdPerDeviceDay !== undefined) &&
    matches.some((m) => m.fits(device))
}

function modelsByWorkload({ figures }: LiveSnapshot): Map<string, Set<string>> {
  const models = new Map<string, Set<string>>()
  for (const [{ device }, { shares }] of figures.earnings) {
    if (device.kind !== 'gpu') continue
    for (const { workload } of shares) {
      const served = models.get(workload) ?? new Set()
      models.set(workload, served.add(device.model ?? ''))
    }
  }
  return models
}
