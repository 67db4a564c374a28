import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { LiveViews } from '../live/live-views.ts'
import type { Remembered } from '../live/remembered.ts'
import { SiteViewSchema } from '../views/site.ts'
import { WorkloadViewSchema } from '../views/workload.ts'
import type { Context } from './context.ts'

/** The last known figures on disk, so that a collector that starts again shows them until the agents are heard. */
export class LastKnownFile {
  readonly #file: string
  readonly #files: Context['files']
  readonly #log: Context['log']

  constructor(dataFolder: string, { files, log }: Pick<Context, 'files' | 'log'>) {
    this.#file = join(dataFolder, 'last-known.json')
    this.#files = files
    this.#log = log
  }

  /** The figures from before this start; undefined where there are none, or another version wrote them. */
  read(): Remembered | undefined {
    try {
      const { atMs, site, workloads } = JSON.parse(readFileSync(this.#file, 'utf8')) as Remembered
      return {
        atMs: Number(atMs),
        site: SiteViewSchema.parse(site),
        workloads: workloads.map((w) => WorkloadViewSchema.parse(w)),
      }
    } catch {
      return undefined
    }
  }

  /** Keeps the present figures. Those of a site that is not heard are older, and kept already. Never rejects. */
  async keep(views: Pick<LiveViews, 'site' | 'workloads'>): Promise<void> {
    const site = views.site()
    if (site.stale?.whole || site.agents.length === 0) return
    const remembered: Remembered = { atMs: site.atMs, site, workloads: views.workloads() }
    try {
      await this.#files.replace(this.#file, JSON.stringify(remembered))
    } catch (error) {
      this.#log.debug('last figures not kept', { file: this.#file, reason: reasonOf(error) })
    }
  }
}
