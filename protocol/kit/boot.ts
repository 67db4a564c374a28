import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** Seconds: both clocks are read one after the other. */
const READ_S = 1

export interface BootSources {
  /** the kernel’s id of its start; throws where there is none */
  kernelId(): string
  /** the program's steady clock, s */
  uptimeS(): number
  /** a clock of the kernel that never runs ahead of the time since its start, s */
  monotonicS(): number
}

const KERNEL: BootSources = {
  kernelId: () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  uptimeS: uptime,
  monotonicS: () => Number(process.hrtime.bigint()) / 1e9,
}

/** Which start of its kernel a program runs on: containers of one computer share it. Undefined where the kernel does not say. */
export function kernelBootId({ kernelId }: Pick<BootSources, 'kernelId'> = KERNEL): string | undefined {
  try {
    return kernelId() || undefined
  } catch {
    return undefined
  }
}

/** Two programs with the same text run since the same start of the computer, so that their steady clocks can be compared. */
export function bootId(sources: BootSources = KERNEL): string {
  const { uptimeS, monotonicS } = sources
  const id = kernelBootId(sources)
  // lxcfs shows a container the time since its own start, which each container begins at 0: no earlier run can be compared
  const isOfContainer = monotonicS() - uptimeS() > READ_S
  return id === undefined || isOfContainer ? `${process.pid} ${uptimeS()} ${crypto.randomUUID()}` : id
}
