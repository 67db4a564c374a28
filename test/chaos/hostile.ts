import { setTimeout as sleep } from 'node:timers/promises'
import mqtt, { type MqttClient } from 'mqtt'
import { createRandom, type Random } from '../../agent/simulator/base/random.ts'
import { encode } from '../../protocol/codec.ts'
import { encodeIntervals, type Interval } from '../../protocol/interval.ts'
import { encodeLive } from '../../protocol/sample.ts'
import { LATEST_EPOCH } from '../../protocol/spool-life.ts'
import { CHANNELS, COLLECTOR_NAME, topic } from '../../protocol/topics.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'

/** The name under which a hostile client sends messages that are valid: it can claim nothing under any other. */
export const HOSTILE_NAME = 'mallory'
const HOSTILE_DEVICE = `${HOSTILE_NAME}-miner`
const EVERY_MS = 400
const ENDS_WITHIN_MS = 5_000
const HUGE_BYTES = 2 ** 21
const NESTED = 100_000
/** so much of a payload tells it from all others */
const TOLD_BY_CHARS = 24

/** Texts that no message of perwatt is. */
const GARBAGE: readonly ((random: Random) => string | Uint8Array)[] = [
  () => '',
  () => '{',
  () => 'null',
  () => '[1,2',
  () => '{"v":1}',
  () => '{"v":99,"state":"online"}',
  () => '{"v":1,"atMs":"yesterday","ids":{"length":1e9}}',
  () => '['.repeat(NESTED),
  () => '{"v":1,"epoch":-1,"firstSeq":1e308}',
  (random) => new Uint8Array(random.whole(1, 2_000)).map(() => random.whole(0, 255)),
  () => `{"v":1,"x":"${'y'.repeat(HUGE_BYTES)}"}`,
]
/** The last one is huge, and is sent seldom. */
const HUGE_CHANCE = 0.03

const beginOf = (payload: string | Uint8Array): string =>
  (typeof payload === 'string' ? payload : new TextDecoder().decode(payload)).slice(0, TOLD_BY_CHARS)

/** A client that sends garbage on every topic of the site, listens to all, and claims what it can under a name of its own. */
export class Hostile {
  readonly #url: string
  readonly #site: string
  readonly #agents: readonly string[]
  /** an empty message takes back what is retained */
  readonly #begins = new Set<string>([''])
  #client: MqttClient | undefined

  constructor(url: string, site: string, agents: readonly string[]) {
    this.#url = url
    this.#site = site
    this.#agents = agents
  }

  /** Whether a message, or its begin, is of this client. */
  sent(payload: string | Uint8Array): boolean {
    return this.#begins.has(beginOf(payload))
  }

  /** Assails the broker until the signal aborts, then takes back what it had retained. */
  async assail(seed: number, signal: AbortSignal): Promise<void> {
    const random = createRandom(seed)
    const client = mqtt.connect(this.#url, {
      clientId: `perwatt-chaos-hostile-${seed}`,
      reconnectPeriod: 500,
      connectTimeout: 2_000,
    })
    this.#client = client
    client.on('error', () => {})
    client.on('connect', () => client.subscribe('#'))
    const retained = new Set<string>()
    for (let round = 0; !signal.aborted; round++) {
      for (const name of [...this.#agents, COLLECTOR_NAME, HOSTILE_NAME]) {
        const channel = random.pick([...CHANNELS, 'presence', 'standby', 'hello', 'advice', 'nonsense'])
        const to = `perwatt/1/${this.#site}/${name}/${channel}`
        const huge = random.next() < HUGE_CHANCE
        const n = huge ? GARBAGE.length - 1 : random.whole(0, GARBAGE.length - 2)
        const payload = GARBAGE[n]?.(random) ?? ''
        this.#begins.add(beginOf(payload))
        // what the collector retains it writes again at its start only: a forged one would stay
        const retain = name !== COLLECTOR_NAME && random.next() < 0.2
        if (retain) retained.add(to)
        this.#publish(to, payload, retain)
      }
      this.#claim(round, random)
      await sleep(EVERY_MS, undefined, { signal }).catch(() => {})
    }
    for (const to of retained) this.#publish(to, '', true)
    // a broker that was killed meanwhile never confirms some of them
    const patience = sleep(ENDS_WITHIN_MS, undefined, { ref: false })
    await Promise.race([client.endAsync(false).catch(() => {}), patience])
    client.end(true)
  }

  async close(): Promise<void> {
    await this.#client?.endAsync(true)
  }

  #publish(to: string, payload: string | Uint8Array, retain = false): void {
    if (!this.#client?.connected) return
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload)
    this.#client.publish(to, bytes, { qos: retain ? 1 : 0, retain }, () => {})
  }

  /** Valid messages under its own name: a machine that does not exist, epochs that can't be, numbers that leap. */
  #claim(round: number, random: Random): void {
    const nowMs = Date.now()
    const own = (channel: (typeof CHANNELS)[number]) => topic(this.#site, HOSTILE_NAME, channel)
    const sample = { deviceId: HOSTILE_DEVICE, observedAtMs: nowMs, state: 'ok', powerW: 900 } as const
    this.#publish(own('live'), JSON.stringify(encodeLive([sample], nowMs)))
    const record: Interval = {
      deviceId: HOSTILE_DEVICE,
      owner: { poolUrl: 'stratum+tcp://nobody.example:3333' },
      startMs: minuteOf(nowMs) - MINUTE_MS,
      durationMs: MINUTE_MS,
      coveredMs: MINUTE_MS,
      workDiff1: 1,
    }
    const epoch = random.pick([1, nowMs, LATEST_EPOCH, Number.MAX_SAFE_INTEGER])
    const firstSeq = random.pick([1, round + 1, 2 ** 40])
    const batch = { epoch, firstSeq, oldestSeq: firstSeq, intervals: [record] }
    this.#publish(own('intervals'), Buffer.from(encode(encodeIntervals(batch, nowMs))))
  }
}
