import type { Targets } from './faults.ts'
import { AGENTS, type ChaosSite } from './site.ts'

/** The parts that faults may strike: no disks without root, no clocks without libfaketime, no swaps without another version. */
export function targetsOf(site: ChaosSite, swaps: boolean): Targets {
  const names = [...site.parts.keys()]
  const processes = names.filter((name) => name !== 'simulator')
  const links = [...site.links.keys()]
  const agents = (all: Iterable<string>) => [...all].filter((name) => name !== 'collector')
  const influx = site.influxd ? ['influx'] : []
  const disk = site.disks.has('collector') ? ['collector'] : []
  return {
    kill: processes,
    restart: processes,
    swap: swaps ? AGENTS : [],
    pause: names,
    reload: [...AGENTS, 'collector'],
    cut: links,
    stall: links,
    slow: links,
    fill: agents(site.disks.keys()),
    step: agents(site.clocks.keys()),
    reset: ['simulator'],
    leap: [...site.clocks.keys()],
    restore: AGENTS,
    copy: AGENTS,
    choke: disk,
    freeze: disk,
    away: influx,
    empty: influx,
    tear: site.influxd ? [] : ['collector'],
    mute: links,
    twin: AGENTS,
    rival: ['collector'],
    assail: ['broker'],
  }
}
