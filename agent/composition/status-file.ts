import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { StatusMessage } from '../../protocol/status.ts'

/** How a running agent is, for a person on its computer. It needs neither broker nor collector. */
export interface AgentNote {
  /** Unix ms */
  atMs: number
  site: string
  agent: string
  /** without a password */
  broker: string
  /** why the broker is not reached; absent: it is */
  trouble?: string
  devices: number
  /** devices that answered their last poll */
  answering: number
  /** what the agent tells the collector */
  status: StatusMessage
}

const NAME = 'status.json'

/** The note of a running agent, in the folder of its spool. */
export class StatusFile {
  readonly #folder: string
  readonly #log: Log

  constructor(folder: string, log: Log) {
    this.#folder = folder
    this.#log = log
  }

  write(note: AgentNote): void {
    const file = join(this.#folder, NAME)
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      writeFileSync(`${file}.new`, JSON.stringify(note), { mode: 0o600 })
      renameSync(`${file}.new`, file)
    } catch (error) {
      // a full disk is told by the spool
      this.#log.debug('status not written', { file, reason: reasonOf(error) })
    }
  }
}

/** @throws the file system's error where no agent has written a note there */
export const readNote = (folder: string): AgentNote =>
  JSON.parse(readFileSync(join(folder, NAME), 'utf8')) as AgentNote
