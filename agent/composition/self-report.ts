import { isSynchronised } from '../../protocol/kit/kernel-clock.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { RunningProgram } from '../../protocol/kit/this-program.ts'
import type { StatusMessage } from '../../protocol/status.ts'
import type { AgentClock } from '../clock/agent-clock.ts'
import { type AgentConfig, spoolFolderOf } from '../config/config.ts'
import type { DeviceRegistry } from '../polling/device-registry.ts'
import type { Delivery } from '../uplink/delivery.ts'
import type { Publisher } from '../uplink/publisher.ts'
import type { Spool } from '../uplink/spool/spool.ts'
import { conditionText } from './condition.ts'
import { noteOf, StatusFile } from './status-file.ts'

/** A change of the clock offset by this much is published at once. Smaller changes are differences between round trips. */
const OFFSET_CHANGE_MS = 250

/** What the agent is made of, as far as it tells of it. */
export interface SelfReportSources {
  config: AgentConfig
  version: string
  program: RunningProgram
  wallMs: () => number
  spool: Pick<Spool, 'state'>
  registry: Pick<DeviceRegistry, 'devices' | 'samples'>
  /** the longest interval at which a device is read now, ms */
  pollMs: () => number
  /** absent until they are made */
  parts: () => { publisher?: Publisher; delivery?: Delivery; time?: AgentClock | undefined }
  log: Log
}

/** What the agent tells of itself: in its status to the collector, and in a note to a person on its computer. */
export class SelfReport {
  readonly #o: SelfReportSources
  readonly #file: StatusFile
  /** whether NTP keeps the clock; undefined: not known */
  #synchronised: boolean | undefined
  #publishedOffsetMs: number | undefined
  #publishedCondition: string | undefined
  #publishedPollMs = Number.POSITIVE_INFINITY

  constructor(sources: SelfReportSources) {
    this.#o = sources
    this.#file = new StatusFile(spoolFolderOf(sources.config), sources.log)
  }

  /** What it tells of. */
  get sources(): SelfReportSources {
    return this.#o
  }

  status(state: StatusMessage['state']): StatusMessage {
    const { config, version, program, wallMs, spool, parts, pollMs } = this.#o
    const { publisher, delivery, time } = parts()
    const namesake = state === 'online' ? publisher?.namesake : undefined
    return {
      v: 1,
      state,
      atMs: wallMs(),
      version,
      simulated: config.simulated,
      pollS: pollMs() / 1000,
      spool: spool.state(),
      ...(this.#synchronised === undefined ? {} : { clockSynchronised: this.#synchronised }),
      ...(time?.offsetMs === undefined ? {} : { clockOffsetMs: time.offsetMs }),
      ...(delivery?.status === undefined ? {} : { delivery: delivery.status }),
      program,
      ...(namesake && { namesake }),
    }
  }

  publish(): void {
    const status = this.status('online')
    this.#publishedCondition = this.#condition()
    this.#publishedOffsetMs = status.clockOffsetMs
    this.#publishedPollMs = this.#o.pollMs()
    this.#o.parts().publisher?.publish('status', status, { qos: 1, retain: true })
  }

  /** Publishes the status where the collector must know of a change at once. */
  publishNews(): void {
    const { offsetMs } = this.#o.parts().time ?? {}
    const before = this.#publishedOffsetMs ?? Number.POSITIVE_INFINITY
    const isOther = offsetMs !== undefined && Math.abs(offsetMs - before) >= OFFSET_CHANGE_MS
    // else samples of a device that has become slow would be taken as stale
    const isSlower = this.#o.pollMs() > this.#publishedPollMs
    if (isOther || isSlower || this.#condition() !== this.#publishedCondition) this.publish()
  }

  /** Asks the kernel whether NTP keeps the clock. */
  async askKernel(): Promise<void> {
    this.#synchronised = await isSynchronised()
  }

  /** Writes the note for `perwatt-agent status`. */
  note(): void {
    const { config, registry, parts } = this.#o
    void this.#file.write(noteOf(config, registry, this.status('online'), parts().publisher?.trouble))
  }

  #condition(): string {
    const { spool, parts, wallMs } = this.#o
    return conditionText(spool.state(), parts().delivery?.status, wallMs())
  }
}
