import { z } from 'zod'
import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { Rate } from '../../counting/rate.ts'
import { WrapCounter } from '../../counting/wrap-counter.ts'
import { FittedList } from '../../host-power/fitted-list.ts'
import { Joined } from '../../host-power/joined.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import { Sysfs } from '../../wire/sysfs.ts'
import { countedZones, type RaplZone, raplZones } from './powercap.ts'

const JOULES_PER_MICROJOULE = 1e-6

/**
 * No processor package, and no single board, draws more. Counters also fall when the kernel module is loaded again, which would
 * otherwise look like a wrap of up to 262 kJ.
 */
const MOST_ZONE_W = 10_000
/** The counter is read a little later than the clock. */
const SLACK_MS = 1_000
const LOOK_AGAIN_MS = 60_000

export default defineDriver({
  name: 'rapl',
  summary: "this machine's processors and memory by RAPL (Linux powercap), Intel and AMD",
  kind: 'host',
  measures: 'part',
  needsHost: false,
  requests: [
    '/sys/class/powercap/*/name',
    '/sys/class/powercap/*/energy_uj',
    '/sys/class/powercap/*/max_energy_range_uj',
  ],
  settings: z.strictObject({
    root: z.string().min(1).default('/sys/class/powercap').describe('folder of the powercap tree'),
    count: z
      .enum(['packages', 'psys'])
      .default('packages')
      .describe('packages: processors and their memory; psys: the whole platform, on boards that measure it'),
  }),
  open({ options }): Session {
    const { root, count } = options
    const sysfs = new Sysfs(
      root,
      'since Linux 5.10 only root may read energy_uj: give the agent CAP_DAC_READ_SEARCH, or its group read access by a udev rule',
    )
    const counters = new Map<string, WrapCounter>()
    /** uJ of each zone since the first poll; one that is gone keeps its own, or the sum would fall and look like a new start */
    const totals = new Map<string, number>()
    const fitted = new FittedList('RAPL zones')
    const joined = new Joined()
    const rate = new Rate()
    let zones: RaplZone[] = []
    let names = ''
    /** steady clock */
    let lookedAtMs = Number.NEGATIVE_INFINITY
    /** A kernel module, or a second processor's zone, may start later. */
    const look = async (): Promise<void> => {
      const there = (await sysfs.names('.')).join()
      const isKnown = zones.length > 0 && there === names
      if (isKnown && performance.now() - lookedAtMs < LOOK_AGAIN_MS) return
      zones = countedZones(await raplZones(sysfs), count)
      names = there
      lookedAtMs = performance.now()
    }
    /** steady clock: the last poll that read all zones */
    let lastMs = Number.NEGATIVE_INFINITY
    return {
      read: (signal) =>
        sysfs.poll(signal, async () => {
          await look()
          if (zones.length === 0) throw noZones(root, count)
          const nowMs = performance.now()
          const mostUj = (MOST_ZONE_W * (nowMs - lastMs + SLACK_MS)) / 1000 / JOULES_PER_MICROJOULE
          for (const { path, rangeUj } of zones) {
            signal.throwIfAborted()
            const value = await sysfs.number(`${path}/energy_uj`)
            if (value === undefined) {
              // a sum without this zone would look like a counter reset, so find the zones again at the next poll
              zones = []
              throw new PerwattError('no-sensor', `${root}/${path}/energy_uj has no value; check dmesg`)
            }
            const counter = counters.get(path) ?? new WrapCounter()
            counters.set(path, counter)
            totals.set(path, counter.add(value, rangeUj, mostUj))
          }
          lastMs = nowMs
          const energyUj = [...totals.values()].reduce((sum, one) => sum + one, 0)
          const energyJ = energyUj * JOULES_PER_MICROJOULE
          const listed = zones.map(({ path, name }) => `${path} (${name})`)
          const refused = fitted.lacksOf(listed)
          if (refused !== undefined)
            throw new PerwattError('no-sensor', `${root} shows ${refused}; check dmesg`)
          // only of whole sums: that of a part would be held against the time of all
          const powerW = rate.perS(new Map([['energyJ', energyJ]]), nowMs)
          const faults = joined.of(listed, root)
          return [
            {
              identity: { kind: 'host' },
              sample: defined({
                state: 'ok' as const,
                faults: faults.length > 0 ? faults : undefined,
                powerW,
                // RAPL is a model or a sensor behind the power supply, and never covers the whole machine
                powerBasis: 'estimated' as const,
              }),
              counters: { energyJ },
            },
          ]
        }),
    }
  },
})

const noZones = (root: string, count: string): PerwattError =>
  new PerwattError(
    'no-sensor',
    count === 'psys'
      ? `${root} has no psys zone: this board doesn't measure its platform; use count: packages`
      : `${root} has no RAPL package; check that the kernel module intel_rapl_msr is loaded, and that this is no virtual machine`,
  )
