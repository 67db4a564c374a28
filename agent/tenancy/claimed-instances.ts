import { capabilitiesOf } from './claim-files.ts'
import { NvidiaNumbers } from './nvidia-numbers.ts'
import type { ClaimedDevice } from './pod-resources.ts'

/** Where a claimed device is, by the numbers of its GPU: its driver counts them by minor numbers. */
export interface NvidiaPlaces {
  /** uuids of GPUs by their minor numbers; a number that is missing is the GPU's own */
  uuids: ReadonlyMap<number, string>
  /** GPU instances by the claimed device's key */
  instances: ReadonlyMap<string, { minor: number; instance: number }>
}

export const NO_PLACES: NvidiaPlaces = { uuids: new Map(), instances: new Map() }

/** A device of one claim: several claims can hold devices of one name at different times. */
export const keyOfClaim = ({ device, cdi }: Pick<ClaimedDevice, 'device' | 'cdi'>): string =>
  [device, ...cdi].join(' ')

const MIG = /-mig-/

/** Finds the MIG instances of claimed devices: a claim's CDI file names what its container may open, and the kernel driver whose that is. */
export class ClaimedInstances {
  readonly #cdi: string
  readonly #numbers: NvidiaNumbers
  readonly #known = new Map<string, { minor: number; instance: number }>()

  /** @param cdi folder of CDI specifications @param proc the host's /proc */
  constructor(cdi: string, proc: string) {
    this.#cdi = cdi
    this.#numbers = new NvidiaNumbers(proc)
  }

  /** @throws PerwattError as `capabilitiesOf`; the file system's error where the driver's files can't be read */
  async of(claims: readonly ClaimedDevice[]): Promise<NvidiaPlaces> {
    const keys = new Set(claims.map(keyOfClaim))
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key)
    for (const claim of claims)
      if (MIG.test(claim.device) && !this.#known.has(keyOfClaim(claim))) await this.#find(claim)
    return { uuids: await this.#numbers.uuids(), instances: this.#known }
  }

  async #find(claim: ClaimedDevice): Promise<void> {
    const capabilities = await this.#numbers.capabilities()
    for (const name of claim.cdi)
      for (const number of await capabilitiesOf(this.#cdi, name)) {
        const place = capabilities.get(number)
        if (place) this.#known.set(keyOfClaim(claim), place)
      }
  }
}
