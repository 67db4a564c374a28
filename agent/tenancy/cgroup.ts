import { loneContainerId, machineGroup, type NamedGroup, schedulerGroup } from './other-groups.ts'

/** The job, pod, container, machine or service that a process belongs to, by its control group. */
export type Membership =
  | { kind: 'slurm'; job: string }
  | { kind: 'pod'; podUid: string; containerId?: string }
  | { kind: 'container'; containerId: string; runtime: Runtime; rootlessUid?: string }
  | ({ kind: 'named' } & NamedGroup)

export type Runtime = 'docker' | 'podman' | 'containerd'

/** v1 `/slurm/uid_1000/job_7`, also `/slurm_<node>/...`; v2 `slurmstepd.scope/job_7`, also `<node>_slurmstepd.scope` */
const SLURM = /(?:\/slurm(?:_[^/:]+)?\/uid_\d+|slurmstepd\.scope)\/job_(\d+)(?=\/|$)/m
/** A static pod's uid is the hash of its manifest: 32 digits without dashes. systemd's slices write `_` for `-`. */
const POD = /kubepods[^\n]*?pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})([^\n]*)/
const ID = /[0-9a-f]{64}/
/** `docker-<id>.scope`, `/docker/<id>`, `libpod-<id>`, `libpod-payload-<id>`, `nerdctl-<id>.scope` */
const CONTAINER = /(docker|libpod|nerdctl|cri-containerd)(?:-payload)?[-/:]([0-9a-f]{64})/
const ROOTLESS = /\/user-(\d+)\.slice\//

const RUNTIMES: Readonly<Record<string, Runtime>> = {
  docker: 'docker',
  libpod: 'podman',
  nerdctl: 'containerd',
  'cri-containerd': 'containerd',
}

/**
 * Reads `/proc/<pid>/cgroup` of cgroup v1, v2 or both. The party that is billed wins: a Slurm job in a pod, or with containers of
 * its own, counts as the job; a container in a pod counts as the pod. Undefined where the process is in none of them.
 */
export function membershipOf(cgroup: string): Membership | undefined {
  const job = SLURM.exec(cgroup)?.[1]
  if (job) return { kind: 'slurm', job }
  const scheduled = schedulerGroup(cgroup)
  if (scheduled) return { kind: 'named', ...scheduled }
  const [, pod, below] = POD.exec(cgroup) ?? []
  if (pod !== undefined) {
    const containerId = ID.exec(below ?? '')?.[0]
    return { kind: 'pod', podUid: pod.replaceAll('_', '-'), ...(containerId && { containerId }) }
  }
  const [, prefix, containerId] = CONTAINER.exec(cgroup) ?? []
  const runtime = RUNTIMES[prefix ?? '']
  if (!runtime || containerId === undefined) return unmarked(cgroup)
  const rootlessUid = ROOTLESS.exec(cgroup)?.[1]
  return { kind: 'container', containerId, runtime, ...(rootlessUid && { rootlessUid }) }
}

/** A container without its engine's name, else a machine or a service. */
function unmarked(cgroup: string): Membership | undefined {
  const machine = machineGroup(cgroup)
  const containerId = loneContainerId(cgroup)
  if (containerId !== undefined && machine?.facts['runtime'] !== 'lxc')
    return { kind: 'container', containerId, runtime: 'docker' }
  return machine && { kind: 'named', ...machine }
}
