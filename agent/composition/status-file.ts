import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { shownUrl } from '../../protocol/kit/shown-url.ts'
import { SmallFiles } from '../../protocol/kit/small-files.ts'
import type { StatusMessage } from '../../protocol/status.ts'
import type { AgentConfig } from '../config/config.ts'
import type { DeviceRegistry } from '../polling/device-registry.ts'

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

/** The note of an agent. @param trouble why its broker is not reached */
export const noteOf = (
  { site, agent, mqtt }: AgentConfig,
  registry: Pick<DeviceRegistry, 'devices' | 'samples'>,
  status: StatusMessage,
  trouble: string | undefined,
): AgentNote => ({
  atMs: status.atMs,
  site,
  agent,
  broker: shownUrl(mqtt.url),
  ...(trouble === undefined ? {} : { trouble }),
  devices: registry.devices().length,
  answering: registry.samples().filter(({ state }) => state !== 'unreachable').length,
  status,
})

/** The note of a running agent, in the folder of its spool. */
export class StatusFile {
  readonly #folder: string
  readonly #log: Log
  readonly #files: SmallFiles

  constructor(folder: string, log: Log) {
    this.#folder = folder
    this.#log = log
    this.#files = new SmallFiles(log)
  }

  /** Resolves when it is written, or can't be. Never rejects. */
  async write(note: AgentNote): Promise<void> {
    const file = join(this.#folder, NAME)
    try {
      await this.#files.run(file, () => mkdir(this.#folder, { recursive: true, mode: 0o700 }))
      await this.#files.replace(file, JSON.stringify(note))
    } catch (error) {
      // a disk that is full is the spool's alert
      this.#log.debug('status not written', { file, reason: reasonOf(error) })
    }
  }
}

/** @throws the file system's error where no agent has written a note there */
export const readNote = (folder: string): AgentNote =>
  JSON.parse(readFileSync(join(folder, NAME), 'utf8')) as AgentNote
