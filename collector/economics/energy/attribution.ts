import type { Device } from '../../../protocol/device.ts'
import type { Owner } from '../../../protocol/owner.ts'
import { contractTime } from '../contract-time.ts'
import { UNPAID } from '../unpaid.ts'
import type { Workload } from '../workloads.ts'

/** The facts of a device that a rule can match, besides the facts of the owner. */
export type DeviceFacts = Pick<Device, 'kind' | 'driver' | 'location' | 'tags' | 'model' | 'algorithm'>

/** The workload of an owner's work on a device. `workload` is absent for the names in UNPAID. */
export interface Attribution {
  name: string
  workload?: Workload
}

/** Returns the workload of an owner's work on a device at a time (Unix ms). */
export type Attribute = (owner: Owner, device: DeviceFacts | undefined, atMs: number) => Attribution

const NO_WORKLOAD = {
  idle: { name: UNPAID.idle },
  overhead: { name: UNPAID.overhead },
  unassigned: { name: UNPAID.unassigned },
} as const

/**
 * Compiles the rules of the configuration. The first workload that is in force and has a matching rule takes the work. Work of an
 * owner without a matching rule is `unassigned`. Without an owner, the energy of hosts and meters is `overhead`, and that of all
 * other machines is `idle`.
 */
export function attribution(workloads: readonly Workload[]): Attribute {
  const rules = workloads.flatMap((workload) => {
    const found: Attribution = { name: workload.name, workload }
    const inForce = contractTime(workload)
    return workload.match.map((match) => ({ found, inForce, fits: matcher(match) }))
  })
  return (owner, device, atMs) => {
    for (const { found, inForce, fits } of rules) if (inForce(atMs) && fits(owner, device)) return found
    for (const _ in owner) return NO_WORKLOAD.unassigned
    return device?.kind === 'host' || device?.kind === 'meter' ? NO_WORKLOAD.overhead : NO_WORKLOAD.idle
  }
}

/** Returns whether an owner and a device have all facts of a rule. `*` in a pattern stands for any text. */
export function matcher(
  match: Readonly<Record<string, string>>,
): (owner: Owner, device: DeviceFacts | undefined) => boolean {
  const tests = Object.entries(match).map(([fact, text]) => ({ fact, pattern: patternOf(text) }))
  return (owner, device) =>
    tests.every(({ fact, pattern }) => {
      const value = factOf(fact, owner, device)
      return value !== undefined && pattern.test(value)
    })
}

function factOf(fact: string, owner: Owner, device: DeviceFacts | undefined): string | undefined {
  if (owner[fact] !== undefined) return owner[fact]
  if (fact.startsWith('tag.')) return device?.tags?.[fact.slice(4)]
  switch (fact) {
    case 'kind':
    case 'driver':
    case 'model':
    case 'algorithm':
      return device?.[fact]
    case 'container':
    case 'rack':
      return device?.location?.[fact]
    default:
      return undefined
  }
}

const patternOf = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('*')
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*')}$`,
    's',
  )
