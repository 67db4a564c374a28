import { decode, encode, OF_AN_INVENTORY } from '../../protocol/codec.ts'
import type { Device } from '../../protocol/device.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { MqttMessage } from '../../protocol/kit/mqtt/mqtt-link.ts'
import { computerOf, isBeside, type Program } from '../../protocol/program.ts'
import { decodeLive, LiveMessageSchema } from '../../protocol/sample.ts'
import {
  type AckMessage,
  InventoryMessageSchema,
  type StatusMessage,
  StatusMessageSchema,
} from '../../protocol/status.ts'
import { type Channel, topic } from '../../protocol/topics.ts'
import type { ClockWatch } from '../clocks/clock-watch.ts'
import type { BatchReceiver } from '../intake/batch-receiver.ts'
import type { SiteState } from '../live/state.ts'
import type { ClaimKeeper } from '../ownership/claim-keeper.ts'
import type { Quarantined } from '../plugin/store.ts'
import type { BudgetGate } from './budget-gate.ts'
import type { InventoryBook } from './inventory.ts'
import { InventoryParts } from './inventory-parts.ts'
import type { Twins } from './twins.ts'

/** Bytes of an unusable message that go to quarantine. */
const PAYLOAD_KEPT_BYTES = 2_000

export interface AgentMessagesOptions {
  site: string
  /** whether emulated machines may count in this site's figures */
  acceptSimulated: boolean
  /** holds each agent to its budget */
  gate: Pick<BudgetGate, 'offer' | 'admitsOwners' | 'admitsLabels' | 'devices'>
  state: SiteState
  receiver: Pick<BatchReceiver, 'receive' | 'present'>
  inventory: InventoryBook
  claims: Pick<ClaimKeeper, 'hear'>
  clocks: Pick<ClockWatch, 'heard' | 'keptByNtp' | 'besideMe'>
  twins: Twins
  /** this run of the collector */
  program: Program
  /** sends now, or not at all */
  publish(message: MqttMessage): void
  nowMs: () => number
  log: Log
  quarantine(entry: Quarantined): void
  /** told of each message of this site's agents */
  onMessage?: (agentId: string, channel: string, bytes: number) => void
  /** told of each message that can't be used */
  onRefused?: (agentId: string, channel: string) => void
}

/** Validates and routes what agents send. A message that can't be used is counted and put into quarantine, and changes nothing. */
export class AgentMessages {
  readonly #o: AgentMessagesOptions
  /** agents that read emulated machines though this site refuses them; each is logged once */
  readonly #refused = new Set<string>()
  readonly #parts = new InventoryParts()

  constructor(options: AgentMessagesOptions) {
    this.#o = options
  }

  /** @param name the topic */
  take(
    { agent, channel }: { agent: string; channel: Channel },
    name: string,
    payload: Buffer,
    retained: boolean,
  ): void {
    this.#o.onMessage?.(agent, channel, payload.length)
    this.#o.gate.offer({
      agent,
      // what the broker had kept replaces nothing that came since
      lane: retained ? `retained ${channel}` : channel,
      plane: channel === 'intervals' ? 'ledger' : 'live',
      payload,
      pass: (bytes) => {
        const why = this.#why(channel, agent, bytes, retained)
        if (why) this.aside(agent, name, why, bytes)
      },
    })
  }

  /** @returns why the message can't be used, or undefined */
  #why(channel: Channel, agent: string, payload: Buffer, retained: boolean): string | undefined {
    const { state, inventory, clocks, nowMs } = this.#o
    switch (channel) {
      case 'status': {
        const m = decode(StatusMessageSchema, payload)
        if (m.ok && this.#admits(agent, m.value.simulated)) {
          state.status(agent, m.value)
          this.#noteProgram(agent, m.value)
          // the last will is as old as the connection
          if (!retained && m.value.state === 'online') {
            clocks.besideMe(agent, this.#isBeside(m.value), computerOf(m.value.program))
            clocks.heard(agent, m.value.atMs)
            clocks.keptByNtp(agent, m.value.clockSynchronised)
          }
        }
        return m.ok ? undefined : m.reason
      }
      case 'inventory': {
        const m = decode(InventoryMessageSchema, payload, OF_AN_INVENTORY)
        if (m.ok && this.#admits(agent, m.value.simulated)) {
          const whole = this.#parts.take(agent, m.value, retained)
          const devices = whole && this.#withinBudget(agent, whole.devices)
          // with too many others, the ones that it told before stay
          if (whole && devices) {
            whole.devices = devices
            state.inventory(agent, whole)
            inventory.put(agent, whole)
            this.#o.claims.hear(agent, whole.devices)
          }
          // the agent sends in smaller parts what is not named here
          if (!retained) this.#acknowledge(agent, this.#o.receiver.present(agent))
        }
        return m.ok ? undefined : m.reason
      }
      case 'live': {
        const m = decode(LiveMessageSchema, payload)
        if (m.ok && !retained && !this.#refused.has(agent)) {
          clocks.heard(agent, m.value.sentAtMs)
          // without its owners, of which there are too many, the rest of it counts
          if (m.value.owners && !this.#o.gate.admitsOwners(agent, m.value.owners)) m.value.holders = undefined
          state.live(agent, decodeLive(m.value), nowMs(), m.value.sentAtMs)
        }
        return m.ok ? undefined : m.reason
      }
      case 'intervals': {
        if (this.#refused.has(agent)) return undefined
        this.#o.receiver.receive(agent, payload, {
          reply: (ack) => this.#acknowledge(agent, ack),
          refuse: (reason, bytes) => this.aside(agent, topic(this.#o.site, agent, channel), reason, bytes),
        })
        return undefined
      }
      default:
        return 'not a channel that agents publish on'
    }
  }

  /** Undefined where an older agent does not say where it runs. */
  #isBeside({ program }: StatusMessage): boolean | undefined {
    return program && isBeside(program, this.#o.program)
  }

  #withinBudget(agent: string, told: Device[]): Device[] | undefined {
    const devices = this.#o.gate.devices(agent, told)
    const names = devices?.flatMap(({ tags }) => Object.keys(tags ?? {}))
    return !names || this.#o.gate.admitsLabels(agent, names)
      ? devices
      : devices?.map(({ tags: _, ...rest }) => rest)
  }

  #noteProgram(agent: string, { program, namesake, state }: StatusMessage): void {
    const nowMs = this.#o.nowMs()
    // a last will may come late, and of a program that has ended
    if (program && state === 'online') this.#o.twins.hear(agent, program, nowMs)
    if (program && namesake)
      this.#o.twins.note({ kind: 'agent', name: agent, programs: [program, namesake] }, nowMs)
  }

  /** An acknowledgement that can't be sent is not repeated: the agent sends the records again, and is answered then. */
  #acknowledge(agent: string, ack: AckMessage): void {
    const payload = encode({ ...ack, inventory: this.#parts.answer(agent) })
    this.#o.publish({ topic: topic(this.#o.site, agent, 'ack'), payload, qos: 1 })
  }

  #admits(agent: string, simulated: boolean): boolean {
    if (!simulated || this.#o.acceptSimulated) {
      this.#refused.delete(agent)
      return true
    }
    if (!this.#refused.has(agent)) {
      this.#refused.add(agent)
      this.#o.log.warn(
        'refused: this agent reads emulated machines; set site.simulated: true to try them here',
        { agent },
      )
    }
    return false
  }

  /** Puts a message aside that can't be used. */
  aside(agentId: string, name: string, reason: string, payload: Uint8Array): void {
    this.#o.onRefused?.(agentId, name.slice(name.lastIndexOf('/') + 1))
    this.#o.quarantine({
      atMs: this.#o.nowMs(),
      agentId,
      topic: name,
      reason,
      payload: Buffer.from(payload.subarray(0, PAYLOAD_KEPT_BYTES)).toString('latin1'),
    })
  }
}
