import { pause } from '../../protocol/kit/retry.ts'

/** Waits until the work is done, but at most `ms`. */
export async function atMost(work: Promise<unknown>, ms: number): Promise<void> {
  const late = new AbortController()
  await Promise.race([work, pause(ms, late.signal)])
  late.abort()
}
