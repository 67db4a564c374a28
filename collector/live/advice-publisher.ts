import type { AdviceMessage } from '../../protocol/advice.ts'
import { encode, MAX_MESSAGE_BYTES } from '../../protocol/codec.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { adviceOf, type ChoiceInputs } from './choice-inputs.ts'

const EVERY_MS = 10_000
/** Said again unchanged after this: a controller that sees an older `atMs` knows that nobody advises it any more. */
const AGAIN_MS = 60_000

/**
 * Publishes the advice for controllers that are not ours: when it changed, at most every 10 s and at least every minute.
 * Without the list of all uses, which the API has.
 */
export class AdvicePublisher {
  readonly #publish: (text: string) => void
  readonly #log: Log
  readonly #nowMs: () => number
  #nextMs = 0
  #saidMs = Number.NEGATIVE_INFINITY
  #said = ''
  #tooLarge = false

  constructor(options: { publish(text: string): void; log: Log; nowMs: () => number }) {
    this.#publish = options.publish
    this.#log = options.log
    this.#nowMs = options.nowMs
  }

  /** @param economy asked for only where it is time */
  tick(economy: () => ChoiceInputs): void {
    const now = this.#nowMs()
    if (now < this.#nextMs) return
    this.#nextMs = now + EVERY_MS
    const message = messageOf(economy())
    const { atMs: _, ...content } = message
    const said = encode(content)
    if (said === this.#said && now - this.#saidMs < AGAIN_MS) return
    this.#said = said
    this.#saidMs = now
    const text = encode(message)
    const tooLarge = Buffer.byteLength(text) > MAX_MESSAGE_BYTES
    if (tooLarge && !this.#tooLarge)
      this.#log.warn('the advice is larger than a message and is not published; the API has it', {
        bytes: Buffer.byteLength(text),
        blocks: message.blocks.length,
      })
    this.#tooLarge = tooLarge
    if (!tooLarge) this.#publish(text)
  }
}

/** What is published of the advice: without the list of all uses. */
function messageOf(economy: ChoiceInputs): AdviceMessage {
  const { blocks, ...message } = adviceOf(economy)
  return { ...message, blocks: blocks.map(({ uses: _, ...block }) => block) }
}
