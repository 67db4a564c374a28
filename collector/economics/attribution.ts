import type { Device } from '../../protocol/device.ts'
import type { Owner } from '../../protocol/owner.ts'
import { UNPAID, type Workload } from '../workloads.ts'

/** What a rule may ask of the device beside the owner's facts. */
export type DeviceFacts = Pick<Device, 'kind' | 'driver' | 'location' | 'tags' | 'model'>

/** Says which workload an owner's work on a device is. */
export type Attribute = (
  owner: Owner,
  device: DeviceFacts | undefined,
) => { name: string; workload?: Workload }

/**
 * The configuration's rules as a function: the first workload one of whose matches fits. Nobody's machine is `idle`; a host's
 * own energy is `overhead`; an owner whom no rule knows is `unassigned`.
 */
export function attribution(workloads: readonly Workload[]): Attribute {
  const rules = workloads.flatMap((workload) =>
    workload.match.map((match) => ({ workload, tests: compile(match) })),
  )
  return (owner, device) => {
    const found = rules.find(({ tests }) =>
      tests.every(({ fact, pattern }) => pattern.test(factOf(fact, owner, device) ?? '\0')),
    )
    if (found) return { name: found.workload.name, workload: found.workload }
    if (Object.keys(owner).length > 0) return { name: UNPAID.unassigned }
    return { name: device?.kind === 'host' ? UNPAID.overhead : UNPAID.idle }
  }
}

function factOf(fact: string, owner: Owner, device: DeviceFacts | undefined): string | undefined {
  if (owner[fact] !== undefined) return owner[fact]
  if (fact.startsWith('tag.')) return device?.tags?.[fact.slice(4)]
  switch (fact) {
    case 'kind':
    case 'driver':
    case 'model':
      return device?.[fact]
    case 'container':
    case 'rack':
      return device?.location?.[fact]
    default:
      return undefined
  }
}

const compile = (match: Record<string, string>) =>
  Object.entries(match).map(([fact, text]) => ({
    fact,
    pattern: new RegExp(
      `^${text
        .split('*')
        .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
        .join('[^\0]*')}$`,
    ),
  }))
