import { defined } from '../../protocol/kit/defined.ts'
import { agreeing } from '../plugin/agreement.ts'
import type { Reading } from '../plugin/reading.ts'
import { IdlePower, isAllIdle } from './idle-power.ts'

/** A GPU as a tool lists it, which may be a part of a package that is measured only as a whole. */
export interface PackagePart {
  reading: Reading
  /** serial number or unique id, the same for the parts of one package; absent: not known */
  package?: string | undefined
  /** PCI address without its function, which is the number of a partition; absent: not known */
  slot?: string | undefined
  /** number of the partition in its package, where the tool tells it; absent: not known */
  partition?: number | undefined
  /** true: the tool says, or the model shows, that another die of the package has the sensor */
  secondary: boolean
}

/** Models of two dies of which one has the power sensor of both: MI250 and MI250X (device ids 0x740c and 0x7408). */
export const hasTwoDies = (model: string | undefined): boolean => /\bMI250X?\b|0x740[c8]\b/i.test(model ?? '')

/**
 * The readings of a host's GPUs, in which each package's power and energy counter are shared among its parts: idle power evenly and
 * the rest by activity where every part tells its use, else all of it evenly. The sums stay the package's. The parts are `estimated`,
 * because nothing measures one alone.
 * @param told in the tool's order: a secondary die stands next to its first die
 * @param idlePower of the session: it learns what a package draws without work
 */
export function sharePackages(told: readonly PackagePart[], idlePower = new IdlePower()): Reading[] {
  // what a package shows is held against itself before it is divided
  const gpus = told.map((gpu) => ({ ...gpu, reading: agreeing(gpu.reading) }))
  const packages = new Map<string, Reading[]>()
  const keys = packagesOf(gpus)
  for (const [i, { reading }] of gpus.entries()) {
    const key = keys[i] ?? ''
    packages.set(key, [...(packages.get(key) ?? []), reading])
  }
  const shares = new Map([...packages].map(([key, parts]) => [key, sharesOf(key, parts, idlePower)]))
  return gpus.map(({ reading }, i) => {
    const parts = packages.get(keys[i] ?? '') ?? []
    const share = shares.get(keys[i] ?? '')?.[parts.indexOf(reading)] ?? 0
    return parts.length > 1 ? partOf(reading, parts, share) : reading
  })
}

/** A PCI address without its function: `0000:0c:00` of `0000:0C:00.3`. Undefined for any other text. */
export const pciSlot = (address: string | undefined): string | undefined =>
  /^([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2})\.[0-7]$/i.exec(address ?? '')?.[1]?.toLowerCase()

/**
 * The package of each GPU, by a name. GPUs of one PCI slot are one package. Those of one serial number are too, where at most one slot
 * tells a power, or where the tool numbers the partitions: two boards that each tell one only have a serial number in common.
 */
function packagesOf(gpus: readonly PackagePart[]): string[] {
  const names = gpus.map(({ slot }, i) =>
    slot !== undefined && gpus.some((other, at) => at !== i && other.slot === slot)
      ? `slot ${slot}`
      : `gpu ${i}`,
  )
  for (const serial of new Set(gpus.flatMap((gpu) => gpu.package ?? []))) {
    const members = gpus.flatMap((gpu, i) => (gpu.package === serial ? [i] : []))
    if (!areOne(gpus, members, names)) continue
    const merged = new Set(members.map((i) => names[i]))
    for (const [i, name] of names.entries()) if (merged.has(name)) names[i] = `package ${serial}`
  }
  // two neighbours of which one is a second die are a pair; either may come first, and neither belongs to another die by its ids
  const isAlone = (i: number) => names.filter((name) => name === names[i]).length === 1
  for (let i = 0; i + 1 < gpus.length; i++)
    if (isAlone(i) && isAlone(i + 1) && arePair(gpus[i], gpus[i + 1])) {
      names[i + 1] = names[i] ?? ''
      i++
    }
  return names
}

function areOne(gpus: readonly PackagePart[], members: readonly number[], names: readonly string[]): boolean {
  const telling = members.filter((i) => gpus[i]?.reading.sample.powerW !== undefined)
  if (new Set(telling.map((i) => names[i])).size < 2) return true
  const partitions = members.flatMap((i) => gpus[i]?.partition ?? [])
  // each number once: the boards of a host that share a serial number would each begin with 0
  if (partitions.length === members.length && new Set(partitions).size === members.length) return true
  // without addresses, partitions that all show their package's power can only be known by its being the same
  const powersW = new Set(telling.map((i) => gpus[i]?.reading.sample.powerW))
  return powersW.size === 1 && telling.every((i) => gpus[i]?.slot === undefined)
}

function arePair(one: PackagePart | undefined, other: PackagePart | undefined): boolean {
  if (!one || !other || one.secondary === other.secondary) return false
  const first = one.secondary ? other : one
  return (
    first.reading.sample.powerW !== undefined && one.reading.identity.model === other.reading.identity.model
  )
}

function partOf(reading: Reading, parts: readonly Reading[], share: number): Reading {
  const measured = parts.find((part) => part.sample.powerW !== undefined)
  const limited = parts.find((part) => part.sample.powerLimitW !== undefined)
  const { powerW: _power, powerBasis: _basis, powerLimitW: _limit, holders, ...sample } = reading.sample
  const { counters: _counters, ...rest } = reading
  const watts = measured?.sample.powerW
  const limitW = limited?.sample.powerLimitW
  const energyJ = measured?.counters?.energyJ
  return {
    ...rest,
    sample: defined({
      ...sample,
      holders: holders?.map((holder) => ({ ...holder, estimated: true })),
      powerW: watts === undefined ? undefined : watts * share,
      powerBasis: watts === undefined ? undefined : ('estimated' as const),
      powerLimitW: limitW === undefined ? undefined : limitW / parts.length,
    }),
    ...(energyJ !== undefined && { counters: { energyJ, energyPart: share } }),
  }
}

/** Each part's part of the package's power; together 1. */
function sharesOf(name: string, parts: readonly Reading[], idlePower: IdlePower): number[] {
  const even = 1 / parts.length
  const measured = parts.find((part) => part.sample.powerW !== undefined)
  const powerW = measured?.sample.powerW
  const told = parts.map(({ sample }) => sample.utilizationRatio)
  const idleW = idlePower.of(name, measured?.identity.model, {
    powerW,
    powerLimitW: parts.find((part) => part.sample.powerLimitW !== undefined)?.sample.powerLimitW,
    idle: isAllIdle(told),
  })
  const work = told.reduce<number>((sum, ratio) => sum + (ratio ?? 0), 0)
  if (!powerW || idleW === undefined || told.includes(undefined) || !(work > 0)) return parts.map(() => even)
  const idle = Math.min(1, idleW / powerW)
  return told.map((ratio = 0) => idle * even + ((1 - idle) * ratio) / work)
}
