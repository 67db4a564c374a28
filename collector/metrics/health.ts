import { EventLoopDelay } from '../../protocol/kit/metrics/event-loop-delay.ts'
import { Histogram } from '../../protocol/kit/metrics/histogram.ts'
import { Counts } from '../../protocol/kit/metrics/tallies.ts'

/** What the collector counts of its own work, from its start on. */
export class Health {
  readonly loopDelay = new EventLoopDelay()
  /** figures, rules and frame of one tick, s */
  readonly ticks = new Histogram()
  /** by agent and channel */
  readonly received = new Counts()
  readonly receivedBytes = new Counts()
  /** messages that can't be used, by agent and channel */
  readonly refused = new Counts()
  /** what became of messages with records, by agent and outcome */
  readonly batches = new Counts()
  /** from the arrival of a message with records to its answer, s */
  readonly acknowledgements = new Histogram()
  /** one transaction of records, s */
  readonly appends = new Histogram()

  /** Works through a tick. @returns what it returns */
  tick<T>(work: () => T): T {
    const beganMs = performance.now()
    const result = work()
    this.ticks.observe((performance.now() - beganMs) / 1000)
    return result
  }

  /** A call of the store has succeeded. */
  stored(call: string, ms: number): void {
    if (call.startsWith('append')) this.appends.observe(ms / 1000)
  }

  /** A message of an agent has come. */
  message(agentId: string, channel: string, bytes: number): void {
    this.received.add(1, agentId, channel)
    this.receivedBytes.add(bytes, agentId, channel)
  }
}
