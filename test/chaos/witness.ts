import mqtt, { type MqttClient } from 'mqtt'
import { decode } from '../../protocol/codec.ts'
import { decodeIntervals, type IntervalBatch, IntervalMessageSchema } from '../../protocol/interval.ts'
import { PresenceMessageSchema } from '../../protocol/program.ts'
import { decodeLive, LiveMessageSchema, type Sample } from '../../protocol/sample.ts'
import { AckMessageSchema } from '../../protocol/status.ts'
import { CHANNELS, parseTopic, presenceTopic, topic } from '../../protocol/topics.ts'

/** Subscribes at the broker directly, with no faulty link in between, to all messages of agents and collector. */
export class Witness {
  readonly #client: MqttClient
  /** newest sample of each device */
  readonly samples = new Map<string, Sample>()
  /** the collector's newest acknowledgement, by agent */
  readonly acknowledged = new Map<string, { epoch: number; seq: number; atMs: number }>()
  /** when a collector last said that it has the site, steady ms */
  presentMs = Number.NEGATIVE_INFINITY
  /** the last record that each agent sent */
  readonly sent = new Map<string, { epoch: number; seq: number }>()

  /**
   * @param onBatch gets every batch of records that an agent sent, repeats included
   * @param isForged whether a message is of a hostile client
   */
  constructor(
    url: string,
    site: string,
    onBatch: (agent: string, batch: IntervalBatch) => void,
    isForged: (payload: Uint8Array, agent: string) => boolean = () => false,
  ) {
    const client = mqtt.connect(url, {
      protocolVersion: 4,
      clientId: 'perwatt-chaos-witness',
      clean: true,
      reconnectPeriod: 100,
      connectTimeout: 2_000,
    })
    this.#client = client
    const presence = presenceTopic(site)
    client.on('connect', () =>
      client.subscribe([...CHANNELS.map((channel) => topic(site, '+', channel)), presence]),
    )
    client.on('error', () => {})
    client.on('message', (name, payload, { retain }) => {
      if (name === presence && !retain) {
        const message = decode(PresenceMessageSchema, payload)
        if (message.ok && message.value.state === 'online') this.presentMs = performance.now()
      }
      const { agent, channel } = parseTopic(name) ?? {}
      if (!agent || isForged(payload, agent)) return
      if (channel === 'intervals') {
        const message = decode(IntervalMessageSchema, payload)
        if (!message.ok) throw new Error(`${agent} sent an invalid message: ${message.reason}`)
        const batch = decodeIntervals(message.value)
        // a question for the collector's time
        if (batch.intervals.length === 0) return
        this.sent.set(agent, { epoch: batch.epoch, seq: batch.firstSeq + batch.intervals.length - 1 })
        onBatch(agent, batch)
      } else if (channel === 'live') {
        const message = decode(LiveMessageSchema, payload)
        if (message.ok) for (const s of decodeLive(message.value)) this.samples.set(s.deviceId, s)
      } else if (channel === 'ack') {
        const message = decode(AckMessageSchema, payload)
        if (message.ok)
          this.acknowledged.set(agent, {
            epoch: message.value.epoch,
            seq: message.value.seq,
            atMs: Date.now(),
          })
      }
    })
  }

  /** Whether the collector has acknowledged the newest record of every agent. */
  isDelivered(agent: string): boolean {
    const sent = this.sent.get(agent)
    const acknowledged = this.acknowledged.get(agent)
    return !sent || (acknowledged?.epoch === sent.epoch && acknowledged.seq >= sent.seq)
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true)
  }
}
