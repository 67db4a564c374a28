import { reasonOf } from '../../protocol/kit/errors.ts'
import { NoAnswer } from '../../protocol/kit/retry.ts'

/**
 * Why a device gave no reading, in one line. A missed deadline does not know the device, so its text gets the address and what
 * to check.
 * @param address absent: the device is the agent's own host
 */
export function failureText(error: unknown, address: string | undefined): string {
  const reason = reasonOf(error)
  if (address === undefined || !(error instanceof NoAnswer)) return reason
  return `${reason} from ${address}; check its power, its address and the network`
}
