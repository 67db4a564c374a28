import type { AdviceMessage } from '../../protocol/advice.ts'
import { encode, MAX_MESSAGE_BYTES } from '../../protocol/codec.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { adviceOf } from './advice.ts'
import type { ChoiceInputs } from './choice-inputs.ts'

/** The shortest time between two messages. */
const EVERY_MS = 10_000
/** Unchanged advice is repeated after this time, so that a controller can take an older `atMs` for a failed collector. */
const REPEAT_MS = 60_000

/**
 * Publishes the advice for third-party controllers: when it changes, at most every 10 s and at least every minute. The message leaves
 * out the list of all uses, which the API has.
 */
export class AdvicePublisher {
  readonly #publish: (text: string) => void
  readonly #log: Log
  readonly #nowMs: () => number
  #nextMs = 0
  #publishedMs = Number.NEGATIVE_INFINITY
  #published = ''
  #tooLarge = false

  constructor(options: { publish(text: string): void; log: Log; nowMs: () => number }) {
    this.#publish = options.publish
    this.#log = options.log
    this.#nowMs = options.nowMs
  }

  /** Call this at every tick. @param inputs called only when a message may be due */
  tick(inputs: () => ChoiceInputs): void {
    const now = this.#nowMs()
    if (now < this.#nextMs) return
    this.#nextMs = now + EVERY_MS
    const message = messageOf(inputs())
    const { atMs: _, ...timeless } = message
    const content = encode(timeless)
    if (content === this.#published && now - this.#publishedMs < REPEAT_MS) return
    this.#published = content
    this.#publishedMs = now
    const text = encode(message)
    const tooLarge = Buffer.byteLength(text) > MAX_MESSAGE_BYTES
    if (tooLarge && !this.#tooLarge)
      this.#log.warn(
        'the advice is too large for an MQTT message and is not published; read it from the API',
        {
          bytes: Buffer.byteLength(text),
          blocks: message.blocks.length,
        },
      )
    this.#tooLarge = tooLarge
    if (!tooLarge) this.#publish(text)
  }
}

/** The advice without the list of all uses. */
function messageOf(inputs: ChoiceInputs): AdviceMessage {
  const { blocks, ...message } = adviceOf(inputs)
  return { ...message, blocks: blocks.map(({ uses: _, ...block }) => block) }
}
