import { reasonOf } from '../../protocol/kit/errors.ts'
import { NoAnswer } from '../../protocol/kit/retry.ts'

/**
 * Why a device gave no reading, in one line; a deadline is told who was asked, and what to look at.
 * @param address absent: it is this machine
 */
export function failureText(error: unknown, address: string | undefined): string {
  const reason = reasonOf(error)
  if (address === undefined || !(error instanceof NoAnswer)) return reason
  return `${reason} from ${address}; check its power, its address and the network`
}
