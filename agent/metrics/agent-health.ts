import { EventLoopDelay } from '../../protocol/kit/metrics/event-loop-delay.ts'
import { ByLabels, Counts, Histograms } from '../../protocol/kit/metrics/tallies.ts'

/** Polls of a second are told from polls that wait for their time-out. */
const POLL_BOUNDS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** Devices of one agent, and drivers that were tried on them. */
const MOST = 20_000

/** One poll of one configured device. */
interface Polled {
  device: string
  driver: string
  ok: boolean
  tookMs: number
}

/** What the agent counts of its own work, from its start on. */
export class AgentHealth {
  readonly loopDelay = new EventLoopDelay()
  /** by device and driver */
  readonly polls = new Counts(MOST)
  readonly failures = new Counts(MOST)
  /** by driver, s */
  readonly pollTimes = new Histograms(POLL_BOUNDS_S)
  /** by channel */
  readonly sent = new Counts()
  readonly sentBytes = new Counts()
  /** handed to no connection, by channel */
  readonly dropped = new Counts()
  /** by configured device: when it was read last, steady ms, and the driver that read it */
  readonly read = new ByLabels<{ atMs: number; driver: string }>(
    () => ({ atMs: Number.NaN, driver: '' }),
    MOST,
  )

  polled({ device, driver, ok, tookMs }: Polled, steadyMs: number): void {
    this.polls.add(1, device, driver)
    this.failures.add(ok ? 0 : 1, device, driver)
    this.pollTimes.of(driver).observe(tookMs / 1000)
    const read = this.read.of(device)
    if (ok) Object.assign(read, { atMs: steadyMs, driver })
  }

  published(channel: string, bytes: number, isTaken: boolean): void {
    if (isTaken) {
      this.sent.add(1, channel)
      this.sentBytes.add(bytes, channel)
    } else this.dropped.add(1, channel)
  }
}
