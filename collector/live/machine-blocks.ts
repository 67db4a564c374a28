import type { Device } from '../../protocol/device.ts'
import type { MachineBlock } from '../economics/choices/better-use.ts'
import { contractTime, matcher } from '../economics/energy/attribution.ts'
import type { LiveDevice, LiveWorkload } from '../economics/live/live-device.ts'
import { isContract } from '../economics/settlement/contracts.ts'
import { isDevFee } from '../economics/settlement/revenue.ts'
import { isUnpaid, UNPAID } from '../economics/unpaid.ts'
import type { Workload } from '../economics/workloads.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** More blocks than this are too many to act on, and for one message: then they are taken together over containers. */
const MOST_BLOCKS = 400
/** Facts of a match that are about the hardware: where it stands and whom it works for can change. */
const HARDWARE_FACT = /^(kind|driver|model|algorithm|tag\..+)$/

/** The site's machines by workload, container and model. Power and revenue add up to the workloads', overhead aside. */
export function machineBlocks(look: LiveSnapshot, workloads: readonly Workload[]): MachineBlock[] {
  const byContainer = grouped(look, workloads, true)
  return byContainer.length > MOST_BLOCKS ? grouped(look, workloads, false) : byContainer
}

function grouped(look: LiveSnapshot, workloads: readonly Workload[], byContainer: boolean): MachineBlock[] {
  const blocks = new Map<string, MachineBlock>()
  const serves = servable(look, workloads)
  for (const [d, earning] of look.figures.earnings) {
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
  for (const t of look.figures.workloads) all.push(...balanceWith(t, all, workloads))
  return all
}

/** What no machine of its own takes or earns is shared by power: a GPU's part of its host, a contract's pay. */
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
    b.powerW += (t.powerW - powerW) * (part[i] as number)
    b.revenueUsdPerH += (t.revenueUsdPerH - revenue) * (part[i] as number)
  }
  return []
}

function emptyBlock(name: string, workloads: readonly Workload[]): MachineBlock {
  const workload = workloads.find((w) => w.name === name)
  const bound =
    name === UNPAID.unassigned
      ? 'nobody knows whose work it is'
      : workload && isContract(workload)
        ? 'paid for capacity, whatever it draws'
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

/** What a miner hashes for its owner, or would where it stands still. 0 where it doesn't hash SHA-256. */
function paidHashrateHs({ device, sample }: LiveDevice): number {
  if (device.algorithm !== undefined) return 0
  if (!sample?.hashrateHs) return device.expectedHashrateHs ?? 0
  const devFee = (sample.holders ?? []).reduce((sum, h) => sum + (isDevFee(h.owner) ? h.share : 0), 0)
  return sample.hashrateHs * (1 - devFee)
}

/**
 * Answers which workloads a machine could serve as it is, by what its hardware is: miners mine by their algorithm, GPUs serve
 * GPU-hours and tokens. Where a workload names no model, the GPU models that serve it now say what it takes.
 */
function servable(
  look: LiveSnapshot,
  workloads: readonly Workload[],
): (device: Device) => ReadonlySet<string> {
  const models = modelsByWorkload(look)
  const rules = workloads
    .filter((w) => !isContract(w) && contractTime(w)(look.atMs))
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
      const of = models.get(workload) ?? new Set()
      models.set(workload, of.add(device.model ?? ''))
    }
  }
  return models
}
