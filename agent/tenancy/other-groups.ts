import type { Owner } from '../../protocol/owner.ts'

/** Who a control group belongs to, by its name alone. */
export interface NamedGroup {
  facts: Owner
  /** true: its processes run as the user who owns the job or service, so the user is a fact too */
  ofUser: boolean
}

/** A systemd path writes `-` in a name as `\x2d`. */
const unescaped = (name: string): string =>
  name.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

const SCHEDULERS: readonly [pattern: RegExp, fact: string][] = [
  // OpenPBS, src/hooks/cgroups/pbs_cgroups.PY: /pbs_jobs.service/jobid/123.server
  [/\/pbs(?:_jobs|pro)?\.(?:service|slice)\/(?:jobid|jobs)\/([^/\n]+)/, 'pbsJob'],
  // PBS Professional 18 and 19: /pbspro.slice/pbspro-123.server.slice, and without systemd /pbspro/123.server
  [/\/pbspro\.slice\/pbspro-([^/\n]+)\.slice(?=[/\n]|$)/, 'pbsJob'],
  [/:\/pbspro\/(\d[^/\n]*)/, 'pbsJob'],
  // IBM Spectrum LSF: /lsf/<cluster>/job.123.4567.1600000000
  [/\/lsf\/[^\n]*?\bjob\.(\d+(?:\[\d+\])?)(?=[./\n]|$)/, 'lsfJob'],
  // HTCondor: /htcondor/condor_var_lib_condor_execute_slot1_2@host
  [/\/condor_[^/\n]*?(slot\d+(?:_\d+)?@[^/\n]+?)(?:\.scope|\.service)?(?=[/\n]|$)/, 'condorSlot'],
]
/** Flux, src/modules/sdexec: imp-shell-<rank>-<job>.service of the flux user's systemd */
const FLUX = /\/(?:imp-)?shell-\d+-([^/\n.]+)\.service/
const NOMAD =
  /\/nomad(?:\.slice)?\/(?:[^\n]*\/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.([^/\n]+?))?(?:\.scope)?(?=[/\n]|$)/
/** LXC, Incus and Proxmox containers: /lxc.payload.<name>, /lxc/<name> */
const LXC = /\/(?:lxc\.payload\.|lxc\/(?:payload\.)?)([^/\n]+)/
/** systemd-machined, as libvirt registers machines: machine-qemu\x2d3\x2d<name>.scope */
const LIBVIRT = /\/machine-qemu(?:\\x2d|-)\d+(?:\\x2d|-)([^/\n]+)\.scope/
/** libvirt without systemd: /machine/qemu-3-<name>.libvirt-qemu, and before version 1.3.4 <name>.libvirt-qemu (libvirt.org, Control Groups) */
const LIBVIRT_ALONE = /\/machine(?:\.slice)?\/(?:qemu-\d+-)?([^/\n]+)\.libvirt-(?:qemu|lxc)(?=[/\n]|$)/
const PROXMOX = /\/qemu\.slice\/(\d+)\.scope/
const SERVICE = /\/([^/\n]+\.service)(?=[/\n]|$)/g
/** Below it a user makes and names groups himself, so its names count only together with the user. */
const USERS_OWN = /\/user\.slice\//
/** Services that run the work of others, and logins. */
const NOBODYS =
  /^(user@\d+|session-.*|containerd|docker|podman|crio|kubelet|slurmd|sshd?|crond?|nomad|condor|pbs|init)\.service$/

/** The job of a scheduler other than Slurm: whoever it runs for is billed, also for containers in it. */
export function schedulerGroup(cgroup: string): NamedGroup | undefined {
  const fluxJob = FLUX.exec(cgroup)?.[1]
  if (fluxJob) return named({ fluxJob: unescaped(fluxJob) }, true)
  if (USERS_OWN.test(cgroup)) return undefined
  for (const [pattern, fact] of SCHEDULERS) {
    const job = pattern.exec(cgroup)?.[1]
    if (job) return named({ [fact]: unescaped(job) }, true)
  }
  const [, nomadAlloc, nomadTask] = NOMAD.exec(cgroup) ?? []
  return nomadAlloc ? named({ nomadAlloc, ...(nomadTask && { nomadTask }) }, false) : undefined
}

/** Docker under another parent (`--cgroup-parent`) writes the container's id alone. */
export const loneContainerId = (cgroup: string): string | undefined =>
  USERS_OWN.test(cgroup) ? undefined : /\/([0-9a-f]{64})(?=\/|$)/m.exec(cgroup)?.[1]

/** A system container, a virtual machine or a systemd service. */
export function machineGroup(cgroup: string): NamedGroup | undefined {
  if (!USERS_OWN.test(cgroup)) {
    const lxc = LXC.exec(cgroup)?.[1]
    if (lxc) return named({ runtime: 'lxc', containerName: unescaped(lxc) }, false)
    const vm = [LIBVIRT, LIBVIRT_ALONE, PROXMOX].map((pattern) => pattern.exec(cgroup)?.[1]).find(Boolean)
    if (vm) return named({ vm: unescaped(vm) }, false)
  }
  const unit = [...cgroup.matchAll(SERVICE)]
    .map((match) => match[1] ?? '')
    .findLast((name) => !NOBODYS.test(name))
  return unit ? named({ systemdUnit: unescaped(unit) }, true) : undefined
}

const named = (facts: Owner, ofUser: boolean): NamedGroup => ({
  facts: Object.fromEntries(Object.entries(facts).map(([name, text]) => [name, text.slice(0, 256)])),
  ofUser,
})
