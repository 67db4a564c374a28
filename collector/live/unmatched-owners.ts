import { CONTRADICTING_SIGNS, PAYS_OTHER_COIN, UNKNOWN_ALGORITHM } from '../../protocol/device.ts'
import { isUnknownPool, type Owner, ownerKey } from '../../protocol/owner.ts'
import { attribution } from '../economics/energy/attribution.ts'
import { UNPAID } from '../economics/unpaid.ts'
import type { Workload } from '../economics/workloads.ts'
import type { UnmatchedOwner } from '../views/figures.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** Facts that differ between jobs of one owner: a rule with one of them would match a single job. */
const OF_ONE_JOB = new Set(['slurmJob', 'pod', 'podUid', 'containerId', 'container', 'model', 'label.job'])
/** The fact that a rule for each kind of workload usually matches, most specific first. */
const TYPICAL: readonly { fact: string; kind: Workload['kind']; because: string }[] = [
  { fact: 'poolRole', kind: 'mining', because: 'it is the firmware’s dev fee, a cost of mining' },
  { fact: 'poolUrl', kind: 'mining', because: 'it works for a mining pool' },
  { fact: 'service', kind: 'tokens', because: 'it serves tokens' },
  { fact: 'slurmAccount', kind: 'gpu-hour', because: 'a Slurm account holds it' },
  { fact: 'slurmJob', kind: 'gpu-hour', because: 'a Slurm job holds it' },
  { fact: 'namespace', kind: 'gpu-hour', because: 'a Kubernetes pod holds it' },
  { fact: 'containerName', kind: 'gpu-hour', because: 'a container holds it' },
  { fact: 'user', kind: 'gpu-hour', because: 'a user’s process holds it' },
]

/**
 * Owners that hold machines now and match no rule, and those whose machines hash something unknown, the largest power first. Their work
 * earns nothing until a rule matches, or the algorithm is set.
 */
export function unmatchedOwners(snapshot: LiveSnapshot, workloads: readonly Workload[]): UnmatchedOwner[] {
  return [...withoutRule(snapshot, workloads), ...ofUnknownAlgorithm(snapshot, workloads)].sort(
    (a, b) => b.powerW - a.powerW,
  )
}

const OF_UNKNOWN_POOL =
  'make the machine’s API list its pools, or add { poolUrl: unknown } (or poolUrl: "*") to the workload that its work is paid by'

/** At most so many devices are named; the others are counted. */
const NAMED = 5

/** By owner and model, so that one setting fits all machines of an entry. */
function ofUnknownAlgorithm(
  { devices, figures }: LiveSnapshot,
  workloads: readonly Workload[],
): UnmatchedOwner[] {
  const found = new Map<string, UnmatchedOwner & { ids: string[] }>()
  for (const d of devices) {
    const { device, sample } = d
    if (device.algorithm !== UNKNOWN_ALGORITHM || sample?.state !== 'hashing') continue
    const earning = figures.earnings.get(d)
    const missesPrice = earning?.shares.some(({ workload }) => needsAlgorithm(workload, workloads))
    if (!earning || !missesPrice) continue
    const holder = sample.holders?.[0]?.owner ?? {}
    const owner = { ...withoutJob(holder), ...(device.model !== undefined && { model: device.model }) }
    const contradiction = sample.faults?.find(
      (fault) => fault.startsWith(CONTRADICTING_SIGNS) || fault.startsWith(PAYS_OTHER_COIN),
    )
    const because = contradiction ?? 'it hashes, but nothing shows which algorithm'
    const key = `${ownerKey(owner)}\n${because}`
    const entry: UnmatchedOwner & { ids: string[] } = found.get(key) ?? {
      owner,
      devices: 0,
      powerW: 0,
      kinds: [device.kind],
      maybe: [{ kind: 'mining', because }],
      rule: {},
      ids: [],
    }
    found.set(key, entry)
    entry.devices++
    entry.powerW += earning.powerW ?? 0
    entry.ids.push(device.deviceId)
  }
  return [...found.values()].map(({ ids, ...entry }) => ({ ...entry, configure: advice(ids) }))
}

/** Contracts, and a price for each device and day, need none. A machine without a workload would need one. */
function needsAlgorithm(name: string, workloads: readonly Workload[]): boolean {
  const workload = workloads.find((w) => w.name === name)
  return workload === undefined || (workload.kind === 'mining' && workload.usdPerDeviceDay === undefined)
}

function advice(ids: readonly string[]): string {
  const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : ''
  return `set algorithm: of ${ids.slice(0, NAMED).join(', ')}${more} in the agent’s configuration: sha256 where they mine Bitcoin, else the algorithm, and usdPerDeviceDay in their workload`
}

function withoutRule(snapshot: LiveSnapshot, workloads: readonly Workload[]): UnmatchedOwner[] {
  const attribute = attribution(workloads)
  const found = new Map<string, UnmatchedOwner>()
  for (const d of snapshot.devices) {
    const earning = snapshot.figures.earnings.get(d)
    if (!earning?.shares.some((s) => s.workload === UNPAID.unassigned)) continue
    for (const { owner, share } of d.sample?.holders ?? []) {
      // of several owners of one GPU, some may match a rule
      if (attribute(owner, d.device, snapshot.atMs).name !== UNPAID.unassigned) continue
      const facts = withoutJob(owner)
      const key = ownerKey(facts)
      const entry = found.get(key) ?? {
        owner: facts,
        devices: 0,
        powerW: 0,
        kinds: [],
        maybe: guesses(facts, workloads),
        rule: ruleOf(facts),
        ...(isUnknownPool(facts) && { configure: OF_UNKNOWN_POOL }),
      }
      found.set(key, entry)
      entry.devices++
      entry.powerW += (earning.powerW ?? 0) * share
      if (!entry.kinds.includes(d.device.kind)) entry.kinds.push(d.device.kind)
    }
  }
  return [...found.values()]
}

function withoutJob(owner: Owner): Owner {
  const kept = Object.fromEntries(Object.entries(owner).filter(([fact]) => !OF_ONE_JOB.has(fact)))
  return Object.keys(kept).length > 0 ? kept : owner
}

/** A rule that would match the owner, by the first typical fact that it has. */
function ruleOf(owner: Owner): Record<string, string> {
  const fact = TYPICAL.map((t) => t.fact).find((f) => owner[f] !== undefined) ?? Object.keys(owner)[0] ?? ''
  return { [fact]: owner[fact] ?? '*' }
}

function guesses(owner: Owner, workloads: readonly Workload[]): UnmatchedOwner['maybe'] {
  const near = workloads.flatMap((w): UnmatchedOwner['maybe'] => {
    const misses = w.match.flatMap((match) =>
      Object.entries(match).flatMap(([fact, pattern]) =>
        owner[fact] !== undefined ? [`its ${fact} is ${owner[fact]}, but the rule expects ${pattern}`] : [],
      ),
    )
    return misses[0] === undefined ? [] : [{ workload: w.name, kind: w.kind, because: misses[0] }]
  })
  const typical = TYPICAL.filter(({ fact }) => owner[fact] !== undefined).map(({ kind, because }) => ({
    kind,
    because,
  }))
  return [...near, ...typical.slice(0, 1)]
}
