import type { LiveContext, LiveDevice, LiveEarning, LiveWorkload } from '../economics/live/live-device.ts'
import { type LiveFigures, LivePlane } from '../economics/live/live-plane.ts'
import type { Stale } from '../views/fields.ts'
import { ReadingColumns, type SiteDevice } from './reading-columns.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** A new computation waits for this many times as long as the last one took: a large site must not compute all the time. */
const REST_FACTOR = 20

/** The live plane as if no device had fallen silent. Only figures of which nothing is heard any more are taken from it. */
export interface Known {
  figures: LiveFigures
  columns: ReadingColumns
  /** what of the site is not heard; absent: everything is */
  site?: Stale
  /** the same of each workload */
  workloads: ReadonlyMap<string, Stale>
  /** the last earning of a device that is not heard; undefined for one that never was */
  earning(i: number): LiveEarning | undefined
}

/** The plane as if no device had fallen silent, with the devices that it was computed from. */
type Unsilenced = Pick<Known, 'figures' | 'columns'> & Pick<LiveSnapshot, 'devices'>

const isSilent = (d: SiteDevice): boolean => d.stale && !d.claimed

/**
 * The last known figures of what is not heard. A silent machine does not draw 0 W: what stands on a screen stays there,
 * marked, with its time. Computed when a device falls silent or is heard again, not at each tick.
 */
export class LastKnown {
  readonly #context: LiveContext
  readonly #steadyMs: () => number
  #unsilenced: Unsilenced | undefined
  #nextMs = 0
  #known: Known | undefined
  #version = -1

  constructor(context: LiveContext, steadyMs: () => number) {
    this.#context = context
    this.#steadyMs = steadyMs
  }

  of(snapshot: LiveSnapshot): Known {
    if (this.#known && this.#version === snapshot.staleVersion) return this.#known
    this.#version = snapshot.staleVersion
    this.#known = this.#knownOf(snapshot)
    return this.#known
  }

  #knownOf(snapshot: LiveSnapshot): Known {
    if (!snapshot.devices.some(isSilent))
      return { ...snapshot, workloads: new Map(), earning: () => undefined }
    const { figures, columns } = this.#plane(snapshot)
    return {
      figures,
      columns,
      ...staleOf(snapshot, figures),
      earning: (i) => (snapshot.devices[i]?.sample ? figures.earnings.at(i) : undefined),
    }
  }

  #plane(snapshot: LiveSnapshot): Unsilenced {
    const begunMs = this.#steadyMs()
    // a device that fell silent since was heard when it was computed
    if (this.#unsilenced?.devices === snapshot.devices && begunMs < this.#nextMs) return this.#unsilenced
    const devices = snapshot.devices.map((d) => (isSilent(d) && d.sample ? { ...d, stale: false } : d))
    const plane = new LivePlane(this.#context)
    plane.reset(devices)
    const figures = plane.figures(snapshot.prices, snapshot.atMs)
    const columns = new ReadingColumns(devices)
    for (const i of devices.keys()) columns.renew(i)
    this.#unsilenced = { figures, columns, devices: snapshot.devices }
    const endedMs = this.#steadyMs()
    this.#nextMs = endedMs + REST_FACTOR * (endedMs - begunMs)
    return this.#unsilenced
  }
}

/** The workloads now; one of which nothing is heard, as it was last known. */
export function workloadsOf(
  { figures }: Pick<LiveSnapshot, 'figures'>,
  known: Pick<Known, 'figures' | 'workloads'>,
): LiveWorkload[] {
  const wholly = (name: string) => known.workloads.get(name)?.whole === true
  const last = known.figures.workloads.filter((w) => wholly(w.workload))
  const names = new Set(last.map((w) => w.workload))
  return [...figures.workloads.filter((w) => !names.has(w.workload)), ...last]
}

/** What of the site and of each workload is not heard. */
function staleOf(
  { devices, figures: now }: LiveSnapshot,
  { earnings }: LiveFigures,
): Pick<Known, 'workloads'> & { site?: Stale } {
  const counted = devices.filter((d) => !d.claimed)
  const site: Stale = { devices: 0, whole: !counted.some((d) => !d.stale) }
  const heard = new Set(now.workloads.filter((w) => w.devices > 0).map((w) => w.workload))
  const workloads = new Map<string, Stale>()
  for (const [i, d] of devices.entries()) {
    if (!d.stale || d.claimed) continue
    const earning = earnings.at(i)
    add(site, d, earning?.powerW ?? 0)
    for (const { workload, share } of earning?.shares ?? []) {
      const stale = workloads.get(workload) ?? { devices: 0, whole: site.whole || !heard.has(workload) }
      workloads.set(workload, stale)
      add(stale, d, (earning?.powerW ?? 0) * share)
    }
  }
  // what no device is named for, such as overhead, goes with the site
  if (site.whole)
    for (const { workload } of now.workloads)
      if (!workloads.has(workload)) workloads.set(workload, { ...site, devices: 0 })
  return { workloads, ...(site.devices > 0 ? { site } : {}) }
}

function add(stale: Stale, { receivedAtMs }: LiveDevice & { receivedAtMs?: number }, powerW: number): void {
  stale.devices++
  stale.powerW = (stale.powerW ?? 0) + powerW
  if (receivedAtMs !== undefined) stale.heardMs = Math.max(stale.heardMs ?? 0, receivedAtMs)
}
