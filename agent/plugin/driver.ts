import type { z } from 'zod'
import type { Device, DeviceKind } from '../../protocol/device.ts'
import type { Plugin } from '../../protocol/kit/plugin.ts'
import type { FirstAnswers } from './first-answers.ts'
import { heldSession } from './held-session.ts'
import { apart } from './remembered.ts'
import type { Session } from './session.ts'

export type { Session } from './session.ts'

/** The contract of a driver: which requests it sends to a family of machines, and how it reads the replies. It only reads. */
export interface Driver<S extends z.ZodObject = z.ZodObject> extends Plugin<S> {
  readonly kind: DeviceKind
  /** for a driver of hosts: whether the power that it reads is the whole machine's, GPUs included, or a part's; absent: it reads none */
  readonly measures?: Device['measures']
  /** whether `host` must be set; `or-url`: `host` or the driver's own setting `url` must be set */
  readonly needsHost: boolean | 'or-url'
  /** how often its machines stand to be asked where nothing is configured, ms; absent: as their kind. The source stands beside it */
  readonly pollMs?: number
  /** every command or path that the driver can send; a test reads this list and refuses anything that writes */
  readonly requests: readonly string[]
  /** True where the first answers show a machine of this family. Absent: `driver: auto` never chooses this driver. */
  recognises?(answers: FirstAnswers): boolean
  /** true: `driver: auto` chooses this driver only where no other driver recognises the machine */
  readonly fallback?: boolean
  /** Starts a session with one machine. Never throws: an unreachable machine makes `read` fail. */
  open(target: Target<z.output<S>>): Session
}

/** The settings of one configured device, as its driver gets them. */
export interface Target<O> {
  id: string
  host: string
  options: O
  /** what the last session with the same settings remembered, as JSON; absent: there was none, or it had learnt nothing */
  remembered?: unknown
}

/**
 * The error code of a `read` that finds a machine of another family than at the start of its session. The machine was
 * flashed or replaced; the poller then opens a new session.
 */
export const ANOTHER_FIRMWARE = 'another-firmware'

/** Every driver is made here, so every reading of every driver is held against itself. */
export const defineDriver = <S extends z.ZodObject>(driver: Driver<S>): Driver<S> => ({
  ...driver,
  open: ({ remembered, ...target }) => {
    const { session, checks } = apart(remembered)
    const opened = driver.open({ ...target, ...(session !== undefined && { remembered: session }) })
    if (session !== undefined) opened.recall?.(session)
    return heldSession(opened, checks)
  },
})
