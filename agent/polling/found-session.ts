import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { ANOTHER_FIRMWARE, type Driver, type Session } from '../plugin/driver.ts'

const isAnotherFirmware = (error: unknown): error is PerwattError =>
  error instanceof PerwattError && error.code === ANOTHER_FIRMWARE

/** A session with the first of the drivers that reads the machine. */
export interface FoundSession extends Session {
  readonly driver: string
}

/**
 * A session of `driver: auto`. Where the likeliest driver finds other firmware than it reads, the next one that recognises the
 * machine is tried, until one has read it; a machine that changes later is for detection again.
 * @param candidates the likeliest first
 */
export function foundSession(
  [first, ...others]: readonly [Driver, ...Driver[]],
  open: (driver: Driver) => Session,
): FoundSession {
  let driver = first
  let session = open(first)
  let hasRead = false
  const read = async (signal: AbortSignal): ReturnType<Session['read']> => {
    try {
      const readings = await session.read(signal)
      hasRead = true
      return readings
    } catch (error) {
      if (!isAnotherFirmware(error)) throw error
      const next = hasRead ? undefined : others.shift()
      if (!next) throw new PerwattError(ANOTHER_FIRMWARE, unread(error, hasRead), { cause: error })
      session.close?.()
      driver = next
      session = open(next)
      return read(signal)
    }
  }
  return {
    get driver() {
      return driver.name
    },
    read,
    close: () => session.close?.(),
  }
}

const unread = (error: PerwattError, hasRead: boolean): string =>
  hasRead
    ? `${whatOf(error)}; it is detected again at the next poll`
    : `${whatOf(error)}, and no other driver recognises it; name its driver in the configuration`

/** The same session, whose error also says what to do where the configuration names the driver. */
export const advised = (session: Session): Session => ({
  async read(signal) {
    try {
      return await session.read(signal)
    } catch (error) {
      if (!isAnotherFirmware(error)) throw error
      const advice = 'check the driver that is set for it, or set driver: auto'
      throw new PerwattError(ANOTHER_FIRMWARE, `${whatOf(error)}; ${advice}`, { cause: error })
    }
  },
  close: () => session.close?.(),
})

const whatOf = (error: PerwattError): string => reasonOf(error).replace(/;[^;]*$/, '')
