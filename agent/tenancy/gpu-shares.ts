import { energyShareOf, type Holder, type Owner, ownerKey } from '../../protocol/owner.ts'
import { energyParts } from './energy-parts.ts'
import type { GpuUse } from './gpu-use.ts'

/** A process's use of a GPU. Without an owner its user is unknown, and nobody holds that part of the GPU. */
export interface Claim {
  owner?: Owner
  smRatio?: number
  memoryUsedBytes?: number
  instance?: number
}

/** A GPU, or one of its MIG instances, that is kept for an owner whether or not the owner uses it. */
export interface Reservation {
  owner: Owner
  instance?: number
}

type SharedGpu = Pick<GpuUse, 'instances' | 'smCount' | 'powerW' | 'idleW' | 'utilizationRatio'>

interface Shares {
  holders: Holder[]
  estimated: boolean
}

/** A live message carries no more (protocol/sample.ts). The smallest shares are dropped, and nobody holds them. */
const MAX_HOLDERS = 64
const ROUNDING = 1e-9

/**
 * The holders of a GPU with their shares, 0 to 1 each and at most 1 together, largest first.
 * - Owners with a reservation hold the GPU, whoever else runs on it. Without reservations, the owners of its processes hold it.
 * - Several owners share it by the SMs that they kept busy. If no SM was busy, or the figures are missing, they share it by
 *   memory, and without memory figures evenly.
 * - MIG instances are parts of the board by their SMs; their parts of its energy are by cause (energy-parts.ts).
 * - Every part of a split is marked `estimated`, because the board's energy is measured only as a whole.
 */
export function sharesOf(
  gpu: SharedGpu,
  claims: readonly Claim[],
  reservations: readonly Reservation[],
): Holder[] {
  const { holders, estimated } = divided(gpu, claims, reservations)
  const byCause = holders.some((h) => Math.abs(energyShareOf(h) - h.share) > ROUNDING)
  return holders.map(({ owner, share, energyShare = share }) => ({
    owner,
    share,
    ...(byCause && { energyShare }),
    ...(estimated && { estimated }),
  }))
}

function divided(gpu: SharedGpu, claims: readonly Claim[], reservations: readonly Reservation[]): Shares {
  const { instances = [] } = gpu
  const board = reservations.filter((r) => r.instance === undefined)
  if (instances.length === 0) return among(claims, board)

  const smCounts = instances.map((i) => i.smCount)
  const known = smCounts.every((n) => n > 0)
  const sizes = known ? smCounts : smCounts.map(() => 1)
  const instancesSize = sizes.reduce((sum, n) => sum + n, 0)
  // instances may leave a part of the board free
  const total = known ? Math.max(instancesSize, gpu.smCount ?? 0) : instancesSize
  const part = sizes.map((size) => size / total)
  const busy =
    claims.length > 0
      ? instances.map(({ instance }) => claims.some((c) => c.instance === instance))
      : undefined
  const energy = energyParts(gpu, part, busy)
  const parts = instances.map(({ instance }, i) => {
    const own = reservations.filter((r) => r.instance === instance)
    const inside = among(
      claims.filter((c) => c.instance === instance),
      own.length > 0 ? own : board,
    )
    return { ...inside, part: part[i] ?? 0, energyPart: energy.parts[i] ?? 0 }
  })
  parts.push({ ...among([], board), part: 1 - instancesSize / total, energyPart: energy.rest })
  const holders = merged(
    parts.flatMap(({ holders, part, energyPart }) =>
      holders.map((h) => ({ ...h, share: h.share * part, energyShare: h.share * energyPart })),
    ),
  )
  const exact =
    holders.length === 1 && parts.every((p) => p.part === 0 || (p.holders.length === 1 && !p.estimated))
  return { holders, estimated: holders.length > 0 && !exact }
}

/** Divides one board or instance among its owners. */
function among(claims: readonly Claim[], reservations: readonly Reservation[]): Shares {
  const groups = new Map<string, Required<Pick<Claim, 'smRatio' | 'memoryUsedBytes'>> & { owner?: Owner }>()
  const group = (owner: Owner | undefined) => {
    const key = owner ? ownerKey(owner) : ''
    const found = groups.get(key) ?? { ...(owner && { owner }), smRatio: 0, memoryUsedBytes: 0 }
    groups.set(key, found)
    return found
  }
  for (const { owner } of reservations) group(owner)
  const keys = new Set(groups.keys())
  for (const { owner, smRatio = 0, memoryUsedBytes = 0 } of claims) {
    if (keys.size > 0 && !keys.has(owner ? ownerKey(owner) : '')) continue
    const g = group(owner)
    g.smRatio += smRatio
    g.memoryUsedBytes += memoryUsedBytes
  }
  const all = [...groups.values()]
  const weigh = (weight: (g: (typeof all)[number]) => number): Shares | undefined => {
    const sum = all.reduce((total, g) => total + weight(g), 0)
    if (!(sum > 0)) return undefined
    const shares = all.flatMap((g) =>
      g.owner && weight(g) > 0 ? [{ owner: g.owner, share: weight(g) / sum }] : [],
    )
    return { holders: merged(shares), estimated: all.length > 1 }
  }
  return (
    weigh((g) => g.smRatio) ??
    weigh((g) => g.memoryUsedBytes) ??
    weigh(() => 1) ?? { holders: [], estimated: false }
  )
}

/** Sums the shares of each owner. The result's order doesn't depend on the order of the processes. */
function merged(shares: readonly Holder[]): Holder[] {
  const byOwner = new Map<string, Required<Omit<Holder, 'estimated'>>>()
  for (const part of shares) {
    if (!(part.share > 0)) continue
    const key = ownerKey(part.owner)
    const before = byOwner.get(key) ?? { share: 0, energyShare: 0 }
    byOwner.set(key, {
      owner: part.owner,
      share: before.share + part.share,
      energyShare: before.energyShare + energyShareOf(part),
    })
  }
  return [...byOwner]
    .sort(([a, x], [b, y]) => y.share - x.share || (a < b ? -1 : 1))
    .map(([, holder]) => holder)
    .slice(0, MAX_HOLDERS)
}
